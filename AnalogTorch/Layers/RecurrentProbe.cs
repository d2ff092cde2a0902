using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Finds out what torch's recurrent layers do not tell, from what they answer to weights that are put in for a moment.</summary>
/// <remarks>Parameters, training mode and torch's random numbers are as before when a question has been answered.</remarks>
internal static class RecurrentProbe
{
    private const int Samples = 512; // so many that some are kept, and some are not
    private const float Bias = 0.5f, Weight = 0.25f;

    /// <summary>Whether plain units rectify: then a negative input gives 0.</summary>
    public static bool IsRectified(RNN layer) => Ask(layer, training: false, () =>
    {
        for (var index = 0; layer.has_parameter($"weight_ih_l{index}"); index++)
            layer.get_parameter($"weight_ih_l{index}")!.fill_(index == 0 ? -1f : 1f);
        var x = ones(1, 1, Inputs(layer), device: layer.get_parameter("weight_ih_l0")!.device);
        return layer.forward(x, null!).Item1.abs().max().item<float>() == 0;
    });

    /// <inheritdoc cref="IsRectified(RNN)"/>
    public static bool IsRectified(RNNCell cell) => Ask(cell, training: false, () =>
    {
        var weight = cell.get_parameter("weight_ih")!.fill_(-1f);
        return cell.forward(ones(1, weight.shape[1], device: weight.device), null!).abs().max().item<float>() == 0;
    });

    /// <summary>The share of values that are dropped between layers.</summary>
    /// <remarks>
    /// The last layer but one is made to give the same value everywhere, from its start state, and the last to read it. Dropout sets the value to 0
    /// or multiplies it by 1/(1 − p), so that the larger of the answers gives p.
    /// </remarks>
    public static double Dropout(nn.Module layer, RecurrentSettings settings)
    {
        var (kept, passed) = (Answer(layer, settings, Samples, training: true), Answer(layer, settings, 1, training: false)[0]);
        if (kept.All(value => value == kept[0]))
            return Math.Abs(kept[0] - passed) < 1e-4 ? 0 : 1; // nothing is dropped, or everything
        // The answer grows with the factor on what the last layer reads.
        var target = kept.Max(Math.Abs);
        var (low, high) = (1.0, 1e6);
        for (var round = 0; round < 60; round++)
        {
            var middle = Math.Sqrt(low * high);
            if (Math.Abs(Answer(layer, settings, 1, training: false, (float)middle)[0]) < target)
                low = middle;
            else
                high = middle;
        }
        return Math.Round(1 - 1 / low, 4);
    }

    /// <summary>What the last layer gives for its first unit, sample by sample, if it reads the first unit of the layer before times a factor.</summary>
    private static float[] Answer(nn.Module layer, RecurrentSettings settings, int samples, bool training, float factor = 1) => Ask(layer, training, () =>
    {
        var last = settings.Layers - 1;
        var directions = settings.IsBidirectional ? 2 : 1;
        var read = layer.get_parameter($"weight_ih_l{last}")!;
        layer.get_parameter($"weight_hh_l{last - 1}")!.fill_(Bias / settings.Units);
        read[settings.Kernel.GateCount == 1 ? 0 : 2 * settings.Units, 0] = Weight * factor; // the gate that is no switch
        var x = zeros(settings.IsBatchFirst ? [samples, 1, Inputs(layer)] : [1, samples, Inputs(layer)], device: read.device);
        var state = zeros(settings.Layers * directions, samples, settings.Units, device: read.device);
        state[(last - 1) * directions].fill_(1f);
        var y = layer switch
        {
            LSTM lstm => lstm.forward(x, (state, zeros_like(state))).Item1,
            GRU gru => gru.forward(x, state).Item1,
            _ => ((RNN)layer).forward(x, state).Item1,
        };
        return y.reshape(samples, -1).select(1, 0).cpu().contiguous().data<float>().ToArray();
    });

    private static long Inputs(nn.Module layer) => layer.get_parameter("weight_ih_l0")!.shape[1];

    /// <summary>Asks a question while all parameters of a module are zeros.</summary>
    /// <param name="layer">The module.</param>
    /// <param name="training">Whether it is to be in training mode.</param>
    /// <param name="question">The question; it may put other values in.</param>
    internal static T Ask<T>(nn.Module layer, bool training, Func<T> question)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var parameters = layer.parameters().ToArray();
        var values = parameters.Select(parameter => parameter.clone()).ToArray();
        var wasTraining = layer.training;
        var random = get_rng_state();
        try
        {
            foreach (var parameter in parameters)
                parameter.zero_();
            layer.train(training);
            return question();
        }
        finally
        {
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].copy_(values[i]);
            layer.train(wasTraining);
            set_rng_state(random);
        }
    }
}
