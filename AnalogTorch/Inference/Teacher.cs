using AnalogTorch.Layers;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>A model's own digital self, as it was when the teacher was made: what a network on noisy hardware is to agree with.</summary>
/// <remarks>
/// The teacher holds a copy of the trained weights and buffers. For the time of a lesson the model gets them back and leaves its tiles, in eval
/// mode and without gradients; afterwards it is what it was. Analog foundation models are trained so, on their own outputs.
/// </remarks>
public sealed class Teacher : IDisposable
{
    private readonly nn.Module model;
    private readonly Dictionary<string, Tensor> copies;

    /// <summary>Keeps what a model knows now.</summary>
    /// <param name="model">A trained model, before or after its conversion.</param>
    public Teacher(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        copies = model.EffectiveState().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>What the model said digitally when the teacher was made.</summary>
    /// <param name="run">Runs the model.</param>
    /// <returns>What <paramref name="run"/> gave.</returns>
    public TResult Answer<TResult>(Func<TResult> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var suspended = new SuspendedLayers(model);
        var modes = model.modules().Prepend(model).Select(module => (module, module.training)).ToArray();
        try
        {
            using var exchange = new Exchange(model.EffectiveState(), copies);
            model.eval();
            var result = run();
            if (result is Tensor tensor)
                tensor.MoveToOuterDisposeScope();
            return result;
        }
        finally
        {
            foreach (var (module, training) in modes)
                if (module.training != training)
                    module.train(training); // which reaches its children too; those have their own turn later
            suspended.Resume();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var copy in copies.Values)
            copy.Dispose();
    }

    /// <summary>How far answers are from a teacher's: T²·KL(softmax(teacher/T) ‖ softmax(student/T)), the mean over samples.</summary>
    /// <remarks>Hinton, Vinyals, Dean (2015).</remarks>
    /// <param name="student">Scores with a gradient [samples, …, classes].</param>
    /// <param name="teacher">Scores of the same shape.</param>
    /// <param name="temperature">T; larger ones let small scores count.</param>
    public static Tensor Loss(Tensor student, Tensor teacher, double temperature = 2)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        if (!student.shape.SequenceEqual(teacher.shape))
            throw new ArgumentException($"Teacher.Loss needs scores of one shape, but got [{string.Join(", ", student.shape)}] of the student and [{string.Join(", ", teacher.shape)}] of the teacher.");
        var (learned, taught) = (nn.functional.log_softmax(student / temperature, -1), nn.functional.log_softmax(teacher / temperature, -1));
        return (taught.exp() * (taught - learned)).sum(-1).mean() * (temperature * temperature);
    }

    /// <summary>Puts other values into a model's tensors, and its own back.</summary>
    private sealed class Exchange : IDisposable
    {
        private readonly (Tensor Place, Tensor Own)[] places;

        public Exchange(IReadOnlyDictionary<string, Tensor> state, Dictionary<string, Tensor> values)
        {
            places = [.. state.Where(entry => values.ContainsKey(entry.Key)).Select(entry => (entry.Value, entry.Value.detach().clone()))];
            foreach (var (name, place) in state)
                if (values.TryGetValue(name, out var value))
                    place.detach().copy_(value);
        }

        public void Dispose()
        {
            foreach (var (place, own) in places)
                place.detach().copy_(own);
        }
    }
}
