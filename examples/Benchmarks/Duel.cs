using System.Diagnostics;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What a duel gave; seconds are of one step.</summary>
/// <param name="Ratios">Analog over digital of each pair of segments.</param>
/// <param name="DigitalSeconds">Median over the segments.</param>
/// <param name="AnalogSeconds">Median over the segments.</param>
internal sealed record DuelResult(double[] Ratios, double DigitalSeconds, double AnalogSeconds);

/// <summary>Measures the two sides of a contest in turns, a small segment of one and a small segment of the other.</summary>
/// <remarks>
/// What slows the computer down for a while, another program or a lower clock, slows both sides of a pair of segments, and the
/// median of the ratios forgets the pairs that it hits half-way. Times are wall time.
/// </remarks>
internal sealed class Duel(BenchmarkSettings settings, Action<int, int> progress, CancellationToken cancel)
{
    /// <summary>Warms both sides up and measures them.</summary>
    public DuelResult Run(Contest contest)
    {
        var digitalSteps = WarmUp(contest.Digital, contest.StepsPerSegment);
        var analogSteps = WarmUp(contest.Analog, contest.StepsPerSegment);
        var segments = contest.Segments > 0 ? contest.Segments : settings.Segments;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var digital = new double[segments];
        var analog = new double[segments];
        for (var segment = 0; segment < segments; segment++)
        {
            progress(segment, segments);
            digital[segment] = Time(contest.Digital, digitalSteps);
            analog[segment] = Time(contest.Analog, analogSteps);
        }
        return new([.. analog.Zip(digital, (a, d) => a / d)], Quantiles.Median(digital), Quantiles.Median(analog));
    }

    /// <summary>Runs a side until it is warm, and says how many steps a segment of it has.</summary>
    private int WarmUp(Action step, int fixedSteps)
    {
        var clock = Stopwatch.StartNew();
        var steps = 0;
        var half = 0;
        var atHalf = TimeSpan.Zero;
        while (clock.Elapsed < settings.WarmUp || steps < Math.Max(fixedSteps, 2))
        {
            Time(step, 1);
            steps++;
            if (half == 0 && clock.Elapsed >= settings.WarmUp / 2)
                (half, atHalf) = (steps, clock.Elapsed);
        }
        return fixedSteps > 0 ? fixedSteps : Math.Max(1, (int)(settings.SegmentTime / ((clock.Elapsed - atHalf) / Math.Max(1, steps - half))));
    }

    /// <summary>Mean time of some steps in a row, in seconds.</summary>
    private double Time(Action step, int steps)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            step();
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds / steps;
    }
}
