using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>What lies between digital numbers and an array that multiplies: scaling, converters, read noise, saturation.</summary>
/// <remarks>
/// With α from the scaling, x̂ = DAC(x/α), y₀ = W·x̂ less the IR drop, y₁ = y₀ + read noise + OutputNoise·ξ, y = α·ADC(y₁); where the ADC
/// clips, the saturation policy may ask for the same read again at a larger α. The gradient passes straight through.
/// The model and its order follow IBM aihwkit's analog matrix-vector product, without its input noise and output non-linearity.
/// </remarks>
public sealed record AnalogPath : HardwareConfig
{
    /// <summary>How inputs are brought into the range of the DAC.</summary>
    public InputScaling Scaling { get; init => field = NotNull(value); } = new NoScaling();

    /// <summary>Converter of the inputs.</summary>
    public Converter Dac { get; init => field = NotNull(value); } = new IdealConverter();

    /// <summary>Loss of voltage along the lines of the array.</summary>
    public IrDrop IrDrop { get; init => field = NotNull(value); } = new NoIrDrop();

    /// <summary>Noise of the devices while they are read.</summary>
    public ReadNoise ReadNoise { get; init => field = NotNull(value); } = new NoReadNoise();

    /// <summary>Standard deviation of the noise of the output circuits, in units of a weight of 1 times an input of 1.</summary>
    [Unit("1")]
    public double OutputNoise { get; init => field = NotNegative(value); }

    /// <summary>Converter of the outputs.</summary>
    public Converter Adc { get; init => field = NotNull(value); } = new IdealConverter();

    /// <summary>What is done when an output exceeds the range of the ADC.</summary>
    public Saturation Saturation { get; init => field = NotNull(value); } = new ClipOutputs();

    private bool IsExact => Scaling is NoScaling && Dac is IdealConverter && IrDrop is NoIrDrop && ReadNoise is NoReadNoise
        && OutputNoise == 0 && Adc is IdealConverter;

    /// <summary>Reads the array: x·Wᵀ + b as the hardware gives it.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="bias">Effective weights of the constant input 1 [outputs]; null if there is none.</param>
    /// <param name="rng">The stream of this read.</param>
    /// <returns>Outputs [samples, outputs], in the caller's dispose scope.</returns>
    public Tensor Read(Tensor x, Tensor weights, Tensor? bias, Rng rng)
    {
        if (IsExact)
            return nn.functional.linear(x, weights, bias);
        using var scope = NewDisposeScope();
        var scale = Scaling.Of(x, bias is not null);
        if (bias is not null)
            (x, weights) = (cat([x, ones(x.shape[0], 1, device: x.device)], 1), cat([weights, bias.unsqueeze(1)], 1)); // one more line of the array
        var (y, clipped) = ReadOnce(x, weights, scale, rng);
        for (var attempt = 0; Saturation.Repeats(attempt) && clipped.any().item<bool>(); attempt++)
        {
            var again = clipped.any(1, keepdim: true);
            scale = where(again, Saturation.Rescale(scale), scale);
            var (repeated, stillClipped) = ReadOnce(x, weights, scale, rng.Split(attempt));
            y = where(again, repeated, y);
            clipped = stillClipped.logical_and(again);
        }
        return y.MoveToOuterDisposeScope();
    }

    private (Tensor Y, Tensor Clipped) ReadOnce(Tensor x, Tensor weights, Tensor scale, Rng rng)
    {
        var input = Dac.Convert(x / scale, rng.Split("dac"));
        var y = nn.functional.linear(input, weights);
        IrDrop.Subtract(y, input, weights);
        ReadNoise.Add(y, input, weights, rng.Split("read"));
        if (OutputNoise != 0)
            y.add_(Noise.Normal(rng.Split("output"), y.shape, y.device).mul_((float)OutputNoise));
        return (Adc.Convert(y, rng.Split("adc")) * scale, Adc.Clips(y));
    }
}
