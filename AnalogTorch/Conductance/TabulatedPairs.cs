using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>A more and a less significant pair whose conductances are read from a table of weights.</summary>
/// <remarks>
/// W = F·(G⁺ − G⁻) + g⁺ − g⁻ can be had in many ways, some of which suffer less from programming noise and drift than others. Tables are
/// optimised after Mackin et al., Nature Communications 13:3765 (2022); the default is the same as <see cref="TwoPairs"/> with F = 2. For negative
/// weights the devices of each pair are exchanged; between the points of the tables, conductances are interpolated.
/// </remarks>
public sealed record TabulatedPairs : WeightMap, ICrossChecked
{
    private const double Tolerance = 1e-5; // of the span: rounding of floats

    /// <summary>Gain of the more significant pair (F).</summary>
    [Unit("1")]
    public double Gain { get; init => field = Within(value, 1, 1000); } = 2;

    /// <summary>Share of what both pairs can give at most that a weight of 1 asks for.</summary>
    [Unit("1")]
    public double Scale { get; init => field = Within(value, 0.01, 1); } = 1;

    /// <summary>G⁺ at weights from 0 to 1 in equal steps, in shares of the range of conductances.</summary>
    [Unit("1")]
    public ValueList<float> MorePlus { get; init => field = Shares(value); } = [0, 0, 0.1f, 0.4f, 0.7f, 1];

    /// <summary>G⁻ at the same weights.</summary>
    [Unit("1")]
    public ValueList<float> MoreMinus { get; init => field = Shares(value); } = [0, 0, 0, 0, 0, 0];

    /// <summary>g⁺ at the same weights.</summary>
    [Unit("1")]
    public ValueList<float> LessPlus { get; init => field = Shares(value); } = [0, 0.6f, 1, 1, 1, 1];

    /// <summary>g⁻ at the same weights.</summary>
    [Unit("1")]
    public ValueList<float> LessMinus { get; init => field = Shares(value); } = [0, 0, 0, 0, 0, 0];

    /// <inheritdoc/>
    public override IReadOnlyList<double> Significances => [Gain, -Gain, 1, -1];

    private ValueList<float>[] Tables => [MorePlus, MoreMinus, LessPlus, LessMinus];

    /// <inheritdoc/>
    public void Check()
    {
        var points = MorePlus.Count;
        if (points < 2 || Tables.Any(table => table.Count != points))
            throw new ArgumentException($"TabulatedPairs needs four tables of the same number of points, at least 2, but they have {string.Join(", ", Tables.Select(table => table.Count))}.");
        for (var i = 0; i < points; i++)
        {
            var (weight, wanted) = (Gain * (MorePlus[i] - MoreMinus[i]) + LessPlus[i] - LessMinus[i], (double)i / (points - 1) * Scale * (Gain + 1));
            if (!(Math.Abs(weight - wanted) <= Tolerance * Scale * (Gain + 1)))
                throw new ArgumentException($"TabulatedPairs must give {wanted:G6} at point {i}, which is its part of Scale·(Gain + 1), but gives {weight:G6}; let MapSearch find tables, or correct one of them.");
        }
    }

    /// <inheritdoc/>
    public override double DevicesPerWeight(long outputs) => 4;

    /// <inheritdoc/>
    public override double Span((double Min, double Max) range) => Scale * (Gain + 1) * (range.Max - range.Min);

    /// <inheritdoc/>
    public override Tensor[] Targets(Tensor weights, (double Min, double Max) range)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        var isPositive = weights >= 0;
        var place = weights.abs() * (MorePlus.Count - 1);
        var below = place.floor().clamp_max_(MorePlus.Count - 2);
        var (index, fraction) = (below.to(ScalarType.Int64).flatten(), place - below);
        var values = Tables.Select(table =>
        {
            var entries = tensor(table.ToArray(), device: weights.device);
            var (low, high) = (entries.index_select(0, index).view(weights.shape), entries.index_select(0, index + 1).view(weights.shape));
            return (low + fraction * (high - low)) * (float)(range.Max - range.Min) + (float)range.Min;
        }).ToArray();
        Tensor[] targets =
        [
            where(isPositive, values[0], values[1]), where(isPositive, values[1], values[0]),
            where(isPositive, values[2], values[3]), where(isPositive, values[3], values[2]),
        ];
        return [.. targets.Select(target => target.MoveToOuterDisposeScope())];
    }

    private ValueList<float> Shares(ValueList<float>? values, [System.Runtime.CompilerServices.CallerMemberName] string member = "")
    {
        foreach (var value in NotNull(values, member))
            Within(value, 0, 1, member);
        return values!;
    }
}
