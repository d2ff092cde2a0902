using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Energy;

/// <summary>What a model would cost on a piece of hardware, in one line.</summary>
public static class CostEstimate
{
    /// <summary>Runs a model on a sample, counts what it does and measures what drives it, and says what that costs; see <see cref="CensusTaker"/> for what is counted.</summary>
    /// <param name="model">The model: digital, trained in memory, aware of the hardware, or programmed.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="sample">An input, whose values are priced; the first dimension is that of the samples.</param>
    /// <exception cref="ArgumentException">The model cannot take the sample.</exception>
    public static CostReport EstimateCost(this Module<Tensor, Tensor> model, HardwareCost hardware, Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(sample));
    }

    /// <summary>The same for inputs of which only the shape is known: at the activity that the hardware is stated for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="shape">Shape of an input; the first dimension is that of the samples.</param>
    /// <param name="dtype">Type of the input; Int64 for a model that takes tokens.</param>
    /// <exception cref="ArgumentException">The model cannot take inputs of the shape.</exception>
    public static CostReport EstimateCost(this Module<Tensor, Tensor> model, HardwareCost hardware, long[] shape, ScalarType dtype = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(shape, dtype));
    }

    /// <summary>What whatever runs costs: a model with several inputs, or whole training steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="samples">Samples of the pass.</param>
    /// <param name="pass">What runs.</param>
    /// <exception cref="ArgumentException">A layer cannot take what the pass gives it.</exception>
    public static CostReport EstimateCost(this Module model, HardwareCost hardware, long samples, Action pass)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(samples, pass));
    }
}
