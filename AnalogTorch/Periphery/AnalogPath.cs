using System.Buffers;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>What lies between digital numbers and an array that multiplies: scaling, converters, read noise, saturation.</summary>
/// <remarks>
/// With α from the scaling and u the weight of a cell at full conductance, x̂ = DAC(x/α), y₀ = W·x̂/u less the IR drop, y₁ = y₀ + read noise
/// + OutputNoise·ξ, y = u·α·ADC(y₁); where the ADC clips, the saturation policy may ask for the same read again at a larger α. The gradient passes straight through.
/// The model and its order follow IBM aihwkit's analog matrix-vector product, without its input noise and output non-linearity.
/// </remarks>
public sealed record AnalogPath : HardwareConfig
{
    private const long ElementsOfBlock = 256 * 1024; // inputs in the cache at a time
    private const long CellsOfBlock = 64; // inputs whose cells are read by one product, most of whose factors are 0

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

    /// <summary>Reads the array: x·Wᵀ + b as the hardware gives it.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="bias">Effective weights of the constant input 1 [outputs]; null if there is none.</param>
    /// <param name="rng">The stream of this read.</param>
    /// <param name="lineLength">Inputs on one line of the array; where there are more, lines are joined before the converter.</param>
    /// <param name="units">What outputs stand for; null if a cell at full conductance is a weight of 1.</param>
    /// <returns>Outputs [samples, outputs], in the caller's dispose scope.</returns>
    /// <exception cref="NotFiniteNumberException">The inputs hold NaN or infinity.</exception>
    public Tensor Read(Tensor x, Tensor weights, Tensor? bias, Rng rng, long lineLength = long.MaxValue, OutputScale? units = null)
    {
        if (IsExact)
        {
            var product = nn.functional.linear(x, weights, bias);
            return units?.Correction is { } correction ? product.mul_(correction) : product;
        }
        using var scope = NewDisposeScope();
        if (TakesPasses(x) && weights.device_type == DeviceType.CPU)
            return ReadInPasses(x.is_contiguous() ? x : x.contiguous(), weights, bias, units, rng).MoveToOuterDisposeScope();
        var scale = Scaling.Of(x, bias is not null);
        if (bias is not null)
            (x, weights) = (cat([x, ones(x.shape[0], 1, device: x.device)], 1), cat([weights, bias.unsqueeze(1)], 1)); // one more line of the array
        if (units is not null)
            weights = weights * units.PerUnit.unsqueeze(1);
        var (y, clipped) = ReadOnce(x, weights, scale, lineLength, rng);
        for (var attempt = 0; Saturation.Repeats(attempt) && clipped.any().item<bool>(); attempt++)
        {
            var again = clipped.any(1, keepdim: true);
            scale = where(again, Saturation.Rescale(scale), scale);
            var (repeated, stillClipped) = ReadOnce(x, weights, scale, lineLength, rng.Split(attempt));
            y = where(again, repeated, y);
            clipped = stillClipped.logical_and(again);
        }
        return (units is null ? y : y.mul_(units.Gain)).MoveToOuterDisposeScope();
    }

    /// <summary>Reads every cell by itself: one input after another is driven at 1, and all others at 0.</summary>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="rng">The stream of this read.</param>
    /// <returns>Weights as the hardware gives them [outputs, inputs].</returns>
    public Tensor ReadCells(Tensor weights, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (IsExact)
            return weights.alias();
        using var scope = NewDisposeScope();
        var inputs = weights.shape[1];
        var read = empty_like(weights);
        for (var first = 0L; first < inputs; first += CellsOfBlock)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(CellsOfBlock, inputs - first);
            var rows = Read(eye(count, device: weights.device), weights.narrow(1, first, count).contiguous(), null, rng.Split(first));
            read.narrow(1, first, count).copy_(rows.t());
        }
        return read.MoveToOuterDisposeScope();
    }

    /// <summary>Whether a read multiplies exactly, without converters, noise and losses.</summary>
    internal bool IsExact => Scaling is NoScaling && Dac is IdealConverter && IrDrop is NoIrDrop && ReadNoise is NoReadNoise
        && OutputNoise == 0 && Adc is IdealConverter;

    /// <summary>Reads an array that is used at many places of every sample, as in a convolution; only where <see cref="TakesPasses"/>.</summary>
    /// <remarks>Each sample has one scale. The product may be taken by any means, since both passes go element by element.</remarks>
    /// <param name="x">Inputs [samples, …], contiguous.</param>
    /// <param name="product">The outputs [samples, outputs, places] of converted inputs, contiguous, in memory that may be written to.</param>
    /// <param name="bias">Effective weights of the constant input 1 [outputs]; null if there is none.</param>
    /// <param name="units">What outputs stand for; null if a cell at full conductance is a weight of 1.</param>
    /// <param name="rng">The stream of this read.</param>
    /// <returns>What <paramref name="product"/> gave, and the scale of every sample.</returns>
    /// <exception cref="NotFiniteNumberException">The inputs hold NaN or infinity.</exception>
    internal (Tensor Y, float[] Scales) ReadMaps(Tensor x, Func<Tensor, Tensor> product, Tensor? bias, OutputScale? units, Rng rng)
    {
        var samples = (int)x.shape[0];
        var (scales, one) = (new float[samples], new float[bias is null ? 0 : samples]);
        var converted = empty_like(x);
        using (var rows = x.view(samples, -1))
        using (var target = converted.view(samples, -1))
            ConversionPasses.Inputs(rows, 0, target, Scaling.AsRowScaling!.Value, Dac.AsQuantizer!.Value, scales, one, rng.Split("dac"));
        var y = product(converted);
        ConversionPasses.OutputMaps(y, scales, one, OutputsOf(bias, units), rng.Split("output"));
        return (y, scales);
    }

    /// <summary>Whether a read of these inputs goes in two passes over host memory, of which the first refuses what is not finite.</summary>
    internal bool TakesPasses(Tensor x) => !IsExact && x.device_type == DeviceType.CPU && !SlowParts.Any();

    /// <summary>Parts that cannot be said in the numbers that fast passes take, so that reads go operation by operation; such reads take several times as long.</summary>
    public IEnumerable<HardwareConfig> SlowParts
    {
        get
        {
            if (Scaling.AsRowScaling is null)
                yield return Scaling;
            if (Dac.AsQuantizer is null)
                yield return Dac;
            if (IrDrop is not NoIrDrop) // for which the constant input is a line like the others
                yield return IrDrop;
            if (ReadNoise.AsOutputNoise is null)
                yield return ReadNoise;
            if (Adc.AsQuantizer is null)
                yield return Adc;
            if (Saturation.Repeats(0))
                yield return Saturation;
        }
    }

    /// <summary>The read as one pass before the product and one after it; the product itself is torch's.</summary>
    /// <remarks>Blocks of rows, so that what one pass writes is still in the cache for the next.</remarks>
    private Tensor ReadInPasses(Tensor x, Tensor weights, Tensor? bias, OutputScale? units, Rng rng)
    {
        var (scaling, dac, outputs) = (Scaling.AsRowScaling!.Value, Dac.AsQuantizer!.Value, OutputsOf(bias, units));
        using var noGrad = no_grad();
        var (rows, inputs) = (x.shape[0], x.shape[1]);
        var (inputStream, outputStream) = (rng.Split("dac"), rng.Split("output"));
        var block = Math.Min(Math.Max(ElementsOfBlock / Math.Max(inputs, 1) / ConversionPasses.RowsOfGroup, 1) * ConversionPasses.RowsOfGroup, rows);
        var y = empty(rows, weights.shape[0]);
        var converted = empty(block, inputs);
        var transposed = weights.t();
        var (scales, one) = (ArrayPool<float>.Shared.Rent((int)block), ArrayPool<float>.Shared.Rent((int)block));
        try
        {
            for (var first = 0L; first < rows; first += block)
            {
                var count = (int)Math.Min(block, rows - first);
                ConversionPasses.Inputs(x, first, converted, scaling, dac, scales.AsSpan(0, count), bias is null ? [] : one.AsSpan(0, count), inputStream);
                if (count == rows)
                {
                    y.addmm_(converted, transposed, beta: 0, alpha: 1);
                }
                else
                {
                    using var target = y.narrow(0, first, count);
                    using var source = converted.narrow(0, 0, count);
                    target.addmm_(source, transposed, beta: 0, alpha: 1);
                }
                ConversionPasses.Outputs(y, first, scales.AsSpan(0, count), one.AsSpan(0, bias is null ? 0 : count), outputs, outputStream);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(scales);
            ArrayPool<float>.Shared.Return(one);
        }
        return y;
    }

    private OutputConversion OutputsOf(Tensor? bias, OutputScale? units) => new(bias, (float)NoiseOfOutputs, Adc.AsQuantizer!.Value, units?.PerUnit, units?.Gain);

    private double NoiseOfOutputs => ReadNoise.AsOutputNoise is > 0 and var ofDevices ? Math.Sqrt(OutputNoise * OutputNoise + ofDevices * ofDevices) : OutputNoise;

    private (Tensor Y, Tensor Clipped) ReadOnce(Tensor x, Tensor weights, Tensor scale, long lineLength, Rng rng)
    {
        var input = Dac.Convert(x * scale.reciprocal(), rng.Split("dac"));
        var y = nn.functional.linear(input, weights);
        for (var first = 0L; first < input.shape[1]; first += Math.Min(lineLength, input.shape[1]))
        {
            var count = Math.Min(lineLength, input.shape[1] - first);
            IrDrop.Subtract(y, input.narrow(1, first, count), weights.narrow(1, first, count));
        }
        ReadNoise.Add(y, input, weights, rng.Split("read"));
        if (OutputNoise != 0)
            y.add_(Noise.Normal(rng.Split("output"), y.shape, y.device).mul_((float)OutputNoise));
        return (Adc.Convert(y, rng.Split("adc")) * scale, Adc.Clips(y));
    }
}
