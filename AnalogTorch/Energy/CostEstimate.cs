using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Energy;

/// <summary>What a model would cost on a piece of hardware, in one line.</summary>
public static class CostEstimate
{
    /// <summary>Runs a model on a sample, counts what it does and measures what drives it, and says what that costs.</summary>
    /// <remarks>See <see cref="CensusTaker"/> for what is counted.</remarks>
    /// <param name="model">The model: digital, trained in memory, aware of the hardware, or programmed.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="sample">An input, whose values are priced; the first dimension is that of the samples.</param>
    /// <exception cref="ArgumentException">The model cannot take the sample.</exception>
    public static CostReport EstimateCost(this Module<Tensor, Tensor> model, HardwareCost hardware, Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(sample));
    }

    /// <summary>What a digital model would cost on hardware: with its devices, converters and tiles.</summary>
    /// <param name="model">A model without tiles; it stays as it is.</param>
    /// <param name="hardware">What prices are of.</param>
    /// <param name="sample">An input, whose values are priced; the first dimension is that of the samples.</param>
    /// <param name="plan">The hardware of layers that no rule is about.</param>
    /// <param name="rules">Layers on other hardware, or left digital; the first that fits a layer decides.</param>
    /// <exception cref="ArgumentException">The model cannot take the sample, or a rule is about no layer.</exception>
    /// <exception cref="InvalidOperationException">The model is on tiles already.</exception>
    public static CostReport EstimateCost(
        this Module<Tensor, Tensor> model, HardwareCost hardware, Tensor sample, LayerHardware plan, params IReadOnlyList<LayerRule> rules)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        return hardware.Of(model.TakeCensus(sample, plan, rules));
    }

    /// <summary>What inputs cost of which only the shape is known: at the activity that the hardware is stated for.</summary>
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
