using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How a weight becomes conductances of several devices, and back.</summary>
/// <remarks>
/// A weight in [−1, 1] is the sum of its devices' conductances, each times its significance, over the span that a weight of 1 takes. To add a
/// map, derive a sealed record.
/// </remarks>
public abstract record WeightMap : HardwareConfig
{
    /// <summary>What each device of a weight counts, with its sign, in the order of <see cref="Targets"/>.</summary>
    public abstract IReadOnlyList<double> Significances { get; }

    /// <summary>Devices of a weight; those that many weights share count by their share.</summary>
    /// <param name="outputs">Weights that share what a map shares along the outputs.</param>
    public abstract double DevicesPerWeight(long outputs);

    /// <summary>Conductance (S), summed by significance, that stands for a weight of 1.</summary>
    /// <param name="range">The conductances that devices can be asked for (S).</param>
    public abstract double Span((double Min, double Max) range);

    /// <summary>Target conductances (S) of each device: of the shape of the weights, or with one output for devices that all outputs share.</summary>
    /// <param name="weights">Weights in [−1, 1] [outputs, inputs].</param>
    /// <param name="range">The conductances that devices can be asked for (S).</param>
    public abstract Tensor[] Targets(Tensor weights, (double Min, double Max) range);

    /// <summary>The weights that conductances stand for.</summary>
    /// <param name="conductances">Conductances of each device (S).</param>
    /// <param name="span">What <see cref="Span"/> gave (S).</param>
    public Tensor Weights(IReadOnlyList<Tensor> conductances, double span)
    {
        ArgumentNullException.ThrowIfNull(conductances);
        using var scope = NewDisposeScope();
        Tensor? sum = null;
        foreach (var (conductance, significance) in conductances.Zip(Significances))
        {
            var part = conductance * (float)(significance / span);
            sum = sum is null ? part : sum + part;
        }
        return sum!.MoveToOuterDisposeScope();
    }

    /// <summary>Conductances of a pair for values in [−1, 1]: the one that is not needed stays at its least.</summary>
    protected static (Tensor Plus, Tensor Minus) Pair(Tensor values, (double Min, double Max) range)
    {
        var swing = (float)(range.Max - range.Min);
        return (values.clamp_min(0f).mul_(swing).add_((float)range.Min), values.neg().clamp_min_(0f).mul_(swing).add_((float)range.Min));
    }
}

/// <summary>One pair of devices: w = (G⁺ − G⁻)/(GMax − GMin).</summary>
public sealed record DifferentialPair : WeightMap
{
    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [1, -1];

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 2;

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => range.Max - range.Min;

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        var (plus, minus) = Pair(weights, range);
        return [plus, minus];
    }
}

/// <summary>Several pairs side by side, all with the same targets, so that their errors average out: σ falls as 1/√Pairs.</summary>
public sealed record ParallelPairs : WeightMap
{
    /// <summary>Number of pairs.</summary>
    [Unit("1")]
    public int Pairs { get; init => field = Within(value, 1, 64); } = 2;

    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [.. Enumerable.Repeat((double[])[1, -1], Pairs).SelectMany(pair => pair)];

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 2 * Pairs;

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => Pairs * (range.Max - range.Min);

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        using var scope = NewDisposeScope();
        var (plus, minus) = Pair(weights, range);
        return [.. Enumerable.Range(0, Pairs).SelectMany(_ => new[] { plus.alias().MoveToOuterDisposeScope(), minus.alias().MoveToOuterDisposeScope() })];
    }
}

/// <summary>A more and a less significant pair: W = F·(G⁺ − G⁻) + g⁺ − g⁻.</summary>
/// <remarks>
/// The less significant pair (LSP) is filled first, and the more significant one (MSP) takes what is beyond it. Mackin et al., Nature
/// Communications 13:3765 (2022), found F = 2 to serve best, and the LSP to be used first.
/// </remarks>
public sealed record TwoPairs : WeightMap
{
    /// <summary>Gain of the more significant pair (F).</summary>
    [Unit("1")]
    public double Gain { get; init => field = Within(value, 1, 1000); } = 3;

    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [Gain, -Gain, 1, -1];

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 4;

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => (Gain + 1) * (range.Max - range.Min);

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        var whole = weights * (float)(Gain + 1); // in full conductances of the less significant pair
        var less = whole.clamp(-1f, 1f);
        var (moreP, moreM) = Pair((whole - less) / (float)Gain, range);
        var (lessP, lessM) = Pair(less, range);
        return [.. new[] { moreP, moreM, lessP, lessM }.Select(target => target.MoveToOuterDisposeScope())];
    }
}

/// <summary>One device a weight, read against a column of devices at mid conductance that all outputs share.</summary>
/// <remarks>Half as many devices as pairs, at half the swing; errors of the column are common to all outputs.</remarks>
public sealed record OffsetColumn : WeightMap
{
    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [1, -1];

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 1 + 1.0 / Math.Max(outputs, 1);

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => (range.Max - range.Min) / 2;

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var middle = (float)((range.Max + range.Min) / 2);
        return [weights.mul((float)Span(range)).add_(middle), full([1, weights.shape[1]], middle, device: weights.device)];
    }
}

/// <summary>A map of digits: each is converted by itself, and they are added digitally by their place.</summary>
public interface ISliced
{
    /// <summary>Number of digits.</summary>
    int Slices { get; }
}

/// <summary>Digits of a weight on pairs of their own, each worth Base times the next.</summary>
/// <remarks>
/// |w|·Baseⁿ is written with n digits: whole ones of 0 to Base − 1, and a last one of 0 to Base that holds the rest. With equal errors of all
/// devices, those of the first digit dominate.
/// </remarks>
public sealed record BitSlices : WeightMap, ISliced, ICrossChecked
{
    private const double MostLevels = 1 << 24; // that a float tells apart

    /// <summary>Levels of a digit.</summary>
    [Unit("1")]
    public int Base { get; init => field = Within(value, 2, 256); } = 4;

    /// <summary>Number of digits (n).</summary>
    [Unit("1")]
    public int Slices { get; init => field = Within(value, 1, 16); } = 3;

    private double Levels => Math.Pow(Base, Slices);

    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [.. Places.SelectMany(place => new[] { 1.0, -1.0 }.Select(sign => sign * Largest(place) * place / Levels))];

    private IEnumerable<double> Places => Enumerable.Range(1, Slices).Select(digit => Math.Pow(Base, Slices - digit));

    /// <inheritdoc/>
    public void Check()
    {
        if (Levels > MostLevels)
            throw new ArgumentException($"BitSlices.Base to the power of Slices must be 2^24 at most, but is {Base}^{Slices}; use fewer slices.");
    }

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 2 * Slices;

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => range.Max - range.Min;

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        var targets = new List<Tensor>();
        var rest = weights.abs() * (float)Levels;
        foreach (var place in Places)
        {
            var digit = place > 1 ? (rest / (float)place).floor_().clamp_max_(Base - 1) : rest;
            rest = rest - digit * (float)place;
            var (plus, minus) = Pair(digit / (float)Largest(place) * weights.sign(), range);
            targets.AddRange([plus, minus]);
        }
        return [.. targets.Select(target => target.MoveToOuterDisposeScope())];
    }

    /// <summary>The digit that a full conductance stands for.</summary>
    private double Largest(double place) => place > 1 ? Base - 1 : Base;
}
