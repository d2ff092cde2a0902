using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Energy;

/// <summary>Measures how much of their range the inputs of an array's reads take, from one side.</summary>
/// <remarks>
/// An input x drives its line for |x̂| = min(|x|/(α·bound), 1) of the longest duration, with α from the path's scaling, and bound the end of its DAC. Tiles
/// that add digitally scale their blocks of lines each by itself, as the reads themselves do. A path without any range takes the largest input of a
/// read for it, the constant one of a bias included.
/// </remarks>
internal sealed class DriveMeter
{
    private static readonly AbsMaxScaling Unranged = new();
    private readonly long linesOfTile;
    private readonly bool hasBias;
    private readonly Func<AnalogPath> path;
    private double on, driven, lines;

    /// <summary>A meter that has seen nothing.</summary>
    /// <param name="path">The path of the reads, as it is when they are taken.</param>
    /// <param name="size">The largest tile.</param>
    /// <param name="side">The side from which the reads are taken.</param>
    /// <param name="hasBias">Whether a constant input of 1 is beside the inputs.</param>
    public DriveMeter(Func<AnalogPath> path, TileSize size, ReadSide side, bool hasBias)
    {
        (this.path, this.hasBias) = (path, hasBias);
        linesOfTile = !size.AddsDigitally ? long.MaxValue : side == ReadSide.Inputs ? size.MaxInputs : size.MaxOutputs;
    }

    /// <summary>What several meters of one array saw together; nothing if they saw nothing.</summary>
    public static ArrayRead Together(ArrayRead read, params ReadOnlySpan<DriveMeter> meters)
    {
        var (on, driven, lines) = (0.0, 0.0, 0.0);
        foreach (var meter in meters)
            (on, driven, lines) = (on + meter.on, driven + meter.driven, lines + meter.lines);
        return lines == 0 ? read : read with { Activity = on / lines, DrivenShare = driven / lines };
    }

    /// <summary>Takes in reads of which each has its own scale.</summary>
    /// <param name="x">What drives the lines [reads, lines].</param>
    /// <param name="whole">Whether a read has one scale even where its lines take several tiles.</param>
    public void AddRows(Tensor x, bool whole = false)
    {
        var most = whole ? long.MaxValue : linesOfTile;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var width = x.shape[1];
        x = x.detach();
        for (var first = 0L; first < width || (first == width && hasBias); first += Math.Min(most, width + 1))
        {
            var count = Math.Min(most, width - first);
            var withBias = hasBias && count < most; // on the last tile, which has room left
            var block = x.narrow(1, first, count);
            var (input, scale, least) = Inputs(count > 0 ? block : zeros([x.shape[0], 1L], device: x.device), withBias); // a bias may be alone on a tile
            Count(input, least, 1);
            if (withBias)
                Count(scale.reciprocal().clamp_max_(1f), least, (double)x.shape[0] / scale.NumberOfElements);
            lines += (double)x.shape[0] * (count + (withBias ? 1 : 0));
        }
    }

    /// <summary>Takes in a convolution whose samples have one scale each, at all places of the kernel.</summary>
    /// <param name="x">Inputs [samples, channels, …], borders that are not zeros included.</param>
    /// <param name="shape">How the kernel moves.</param>
    public void AddMaps(Tensor x, ConvolutionShape shape)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var samples = x.shape[0];
        var (flat, scale, least) = Inputs(x.detach().reshape(samples, -1), hasBias);
        var input = flat.view(x.shape);
        var kernel = ones([1, 1, .. shape.Kernel], device: x.device);
        var alone = shape with { Groups = 1 };
        var sums = alone.Multiply(input.sum([1L], keepdim: true), kernel);
        var places = (double)sums.NumberOfElements;
        on += sums.sum(ScalarType.Float64).item<double>();
        driven += alone.Multiply((input >= least).to(ScalarType.Float32).sum([1L], keepdim: true), kernel).sum(ScalarType.Float64).item<double>();
        lines += places * x.shape[1] * shape.Places;
        if (!hasBias)
            return;
        Count(scale.reciprocal().clamp_max_(1f), least, shape.Groups * places / scale.NumberOfElements);
        lines += places * shape.Groups;
    }

    /// <summary>Whether all that was seen is finite.</summary>
    public bool IsFinite => double.IsFinite(on);

    /// <summary>Whether a read gives the whole of a sample one scale, as a path in two passes does.</summary>
    public static bool ScalesSamples(AnalogPath path, Tensor x, bool fitsOneTile) => !HasRange(path) || (fitsOneTile && path.TakesPasses(x));

    private static bool HasRange(AnalogPath path) => path.Scaling is not NoScaling || BoundOf(path.Dac) is not null;

    private static double? BoundOf(Converter dac) => dac switch
    {
        UniformConverter uniform => uniform.Bound,
        _ => dac.AsQuantizer is { } quantizer && float.IsFinite(quantizer.Bound) ? quantizer.Bound : null,
    };

    private static double StepOf(Converter dac) => dac is UniformConverter uniform ? uniform.Step : dac.AsQuantizer?.Step ?? 0;

    /// <summary>Inputs as shares of the range, the scale that they were divided by, and the least share that is not converted to 0.</summary>
    private (Tensor Inputs, Tensor Scale, float Least) Inputs(Tensor x, bool withBias)
    {
        var now = path();
        var bound = BoundOf(now.Dac) ?? 1;
        var scale = (HasRange(now) ? now.Scaling : Unranged).Of(x, withBias) * (float)bound;
        return ((x.abs() / scale).clamp_max_(1f), scale, Math.Max((float)(StepOf(now.Dac) / bound / 2), float.Epsilon));
    }

    private void Count(Tensor shares, float least, double times)
    {
        on += times * shares.sum(ScalarType.Float64).item<double>();
        driven += times * (shares >= least).sum().item<long>();
    }
}
