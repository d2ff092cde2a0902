using AnalogTorch.Core;

namespace AnalogTorch.Devices;

/// <summary>Normally distributed steps that shrink towards G_max, as of a phase-change device under SET pulses.</summary>
/// <remarks>μ(G) = FirstStep·(1 − G/G_max), σ(G) = RelativeNoise·μ + NoiseFloor, in units of G_max; no downward steps.</remarks>
public sealed record ParametricJumps : JumpStatistics
{
    private const int BinCount = 50, QuantileCount = 101;

    // A normal number as 101 quantiles have it, the outermost of which stand for the middle of half a hundred-and-first.
    private static readonly Moments Normal =
        Moments.OfQuantiles([.. Enumerable.Range(0, 101)
            .Select(i => NormalDistribution.Quantile(i is 0 or 100 ? Math.Abs(i / 100 - 1 / 404.0) : i / 100.0))]);

    /// <summary>Mean step from zero conductance, relative to G_max.</summary>
    [Unit("1")]
    public double FirstStep { get; init => field = Within(value, 0, 1); } = 1.0 / 20;

    /// <summary>Noise relative to the mean step.</summary>
    [Unit("1")]
    public double RelativeNoise { get; init => field = NotNegative(value); } = 0.5;

    /// <summary>Noise that does not shrink with the step, relative to G_max.</summary>
    [Unit("1")]
    public double NoiseFloor { get; init => field = NotNegative(value); } = 0.005;

    /// <inheritdoc/>
    public override int Bins => BinCount;

    /// <inheritdoc/>
    public override int Quantiles => QuantileCount;

    /// <inheritdoc/>
    public override float[] UpTable()
    {
        var table = new float[BinCount * QuantileCount];
        for (var bin = 0; bin < BinCount; bin++)
        {
            var mean = FirstStep * (1 - (bin + 0.5) / BinCount);
            var deviation = RelativeNoise * mean + NoiseFloor;
            for (var quantile = 0; quantile < QuantileCount; quantile++)
            {
                var probability = Math.Clamp(quantile / (QuantileCount - 1.0), 0.25 / QuantileCount, 1 - 0.25 / QuantileCount);
                table[bin * QuantileCount + quantile] = (float)(mean + deviation * NormalDistribution.Quantile(probability));
            }
        }
        return table;
    }

    /// <inheritdoc/>
    public override Moments StepMoments(double relativeConductance, bool isUpward)
    {
        if (!isUpward)
            return default;
        var mean = FirstStep * (1 - (Math.Min(Math.Floor(relativeConductance * 50), 49) + 0.5) / 50); // in the middle of one of 50 bins
        return new(mean, Normal.Deviation * (RelativeNoise * mean + NoiseFloor));
    }

    /// <inheritdoc/>
    public override float[] DownTable() => new float[BinCount * QuantileCount];
}
