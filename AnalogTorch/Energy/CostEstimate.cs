using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Energy;

/// <summary>What a model would cost on a piece of hardware, in one line.</summary>
public static class CostEstimate
{
    /// <summary>Runs a model on a sample, counts what it does, and says what that costs; see <see cref="CensusTaker"/> for what is counted.</summary>
    /// <param name="model">The model: digital, trained in memory, aware of the hardware, or programmed.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="sample">An input; the first dimension is that of the samples.</param>
    public static CostReport EstimateCost(this Module<Tensor, Tensor> model, HardwareCost hardware, Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(sample));
    }

    /// <summary>The same for whatever runs: a model with several inputs, or whole training steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="samples">Samples of the pass.</param>
    /// <param name="pass">What runs.</param>
    public static CostReport EstimateCost(this Module model, HardwareCost hardware, long samples, Action pass)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(samples, pass));
    }
}
