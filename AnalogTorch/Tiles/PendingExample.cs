using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>An example that waits for the optimizer.</summary>
/// <param name="example">Inputs and errors.</param>
/// <param name="learnsWeights">Whether the weights learn from it.</param>
/// <param name="learnsBias">Whether a bias in the array does.</param>
/// <param name="isShown">Whether torch was given its gradients too.</param>
internal sealed class PendingExample(LearningExample example, bool learnsWeights, bool learnsBias, bool isShown) : IDisposable
{
    /// <summary>Inputs and errors.</summary>
    public LearningExample Example => example;

    /// <summary>Whether the weights learn from it.</summary>
    public bool LearnsWeights => learnsWeights;

    /// <summary>Whether a bias in the array learns from it.</summary>
    public bool LearnsBias => learnsBias;

    /// <summary>Whether torch was given its gradients too.</summary>
    public bool IsShown => isShown;

    /// <summary>What its gradients were multiplied by since: by clipping, or by somebody who scaled them.</summary>
    public double Factor { get; set; } = 1;

    /// <inheritdoc/>
    public void Dispose() => example.Dispose();

    /// <summary>Its gradients, without the factor.</summary>
    /// <param name="outputs">Outputs of all groups.</param>
    /// <param name="inputs">Inputs of a group.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <returns>Gradients by the weights [outputs, inputs] and the bias [outputs].</returns>
    public (Tensor Weight, Tensor Bias) Gradients(long outputs, long inputs, long groups)
    {
        using var scope = NewDisposeScope();
        Tensor? weight = null, bias = null;
        foreach (var (x, delta) in example.Batches())
        {
            var ofBatch = cat([.. Enumerable.Range(0, (int)groups).Select(group => Product(x, delta, group, outputs / groups, inputs, groups))]);
            var biasOfBatch = delta.sum([0L]);
            x.Dispose();
            delta.Dispose();
            (weight, bias) = weight is null ? (ofBatch, biasOfBatch) : (weight.add_(ofBatch), bias!.add_(biasOfBatch));
        }
        return (weight!.MoveToOuterDisposeScope(), bias!.MoveToOuterDisposeScope());
    }

    /// <summary>What its gradients give for one vector of inputs, without the factor.</summary>
    /// <param name="probe">Values of the inputs of a group [inputs], on their torch device.</param>
    /// <param name="outputs">Outputs of all groups.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <returns>Gradient · probe [outputs], and a bound on its parts.</returns>
    public (Tensor Values, double Scale) Project(Tensor probe, long outputs, long groups)
    {
        using var scope = NewDisposeScope();
        var (inputs, values, scale) = (probe.shape[0], zeros(outputs, ScalarType.Float64, probe.device), 0.0);
        double length = probe.norm().item<float>(); // rounding is that of the parts, however they cancel
        foreach (var (x, delta) in example.Batches())
        {
            using var inner = NewDisposeScope();
            inner.Attach(x);
            inner.Attach(delta);
            for (var group = 0L; group < groups; group++)
            {
                var ofGroupInputs = InputsOf(x, group, inputs, groups).to_type(ScalarType.Float64);
                var along = ofGroupInputs.mv(probe.to_type(ScalarType.Float64));
                var errors = delta.narrow(1, group * (outputs / groups), outputs / groups).to_type(ScalarType.Float64);
                using var ofGroup = values.narrow(0, group * (outputs / groups), outputs / groups);
                ofGroup.add_(errors.t().mv(along));
                scale += errors.norm().item<double>() * ofGroupInputs.norm().item<double>() * length;
            }
        }
        return (values.MoveToOuterDisposeScope(), scale);
    }

    /// <summary>Sum of the absolute values of all errors.</summary>
    public double SumOfErrors()
    {
        using var scope = NewDisposeScope();
        var sum = 0.0;
        foreach (var (x, delta) in example.Batches())
        {
            sum += delta.abs().sum().item<float>();
            x.Dispose();
            delta.Dispose();
        }
        return sum;
    }

    private static Tensor Product(Tensor x, Tensor delta, long group, long outputs, long inputs, long groups) =>
        delta.narrow(1, group * outputs, outputs).t().mm(InputsOf(x, group, inputs, groups));

    /// <summary>The inputs of one group, which are padded where there are several.</summary>
    private static Tensor InputsOf(Tensor x, long group, long inputs, long groups) =>
        groups == 1 ? x : x.narrow(1, group * Updates.PulseTrains.LinesOfGroup(inputs), inputs);
}
