using System.Diagnostics;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What a duel gave; seconds are of one step.</summary>
/// <param name="Ratios">Analog over digital of each pair of segments.</param>
/// <param name="CpuRatios">The same in processor time of this thread; not numbers where that is not known, or other threads work as well.</param>
/// <param name="DigitalSeconds">Median over the segments.</param>
/// <param name="AnalogSeconds">Median over the segments.</param>
internal sealed record DuelResult(double[] Ratios, double[] CpuRatios, double DigitalSeconds, double AnalogSeconds);

/// <summary>Measures the two sides of a contest in turns, a small segment of one and an equally long segment of the other.</summary>
/// <remarks>
/// What slows the computer down for a while, another program or a lower clock, slows both sides of a pair of segments, and the
/// median of the ratios forgets the pairs that it hits half-way. Times are wall time.
/// </remarks>
internal sealed class Duel(BenchmarkSettings settings, Action<int, int> progress, CancellationToken cancel)
{
    private const int LeastWarmUpSteps = 8, MostRepetitions = 2;
    private const double StillFaster = 0.7;

    private readonly record struct Span(double Seconds, double CpuSeconds);

    /// <summary>Warms both sides up and measures them.</summary>
    public DuelResult Run(Contest contest)
    {
        var (digital, analog) = Measure(contest);
        for (var again = 0; again < MostRepetitions && GotFaster(analog); again++)
            (digital, analog) = Measure(contest);
        return new(
            [.. analog.Zip(digital, (a, d) => a.Seconds / d.Seconds)],
            [.. analog.Zip(digital, (a, d) => settings.Threads == 1 && contest.UsesOneThread ? a.CpuSeconds / d.CpuSeconds : double.NaN)],
            Quantiles.Median(digital.Select(span => span.Seconds)),
            Quantiles.Median(analog.Select(span => span.Seconds)));
    }

    private (Span[] Digital, Span[] Analog) Measure(Contest contest)
    {
        var (digitalStep, analogStep) = (
            WarmUp(contest.Digital, 0, settings.DigitalWarmUp), WarmUp(contest.Analog, contest.StepsPerSegment, settings.AnalogWarmUp));
        var segment = Math.Max(settings.SegmentTime.TotalSeconds, Math.Max(digitalStep, analogStep));
        var (digitalSteps, analogSteps) = (Steps(digitalStep), Steps(analogStep));
        int Steps(double step) => contest.StepsPerSegment > 0 ? contest.StepsPerSegment : Math.Max(1, (int)(segment / step));

        GC.Collect();
        GC.WaitForPendingFinalizers();
        var segments = contest.Segments > 0 ? contest.Segments : settings.Segments;
        var (digital, analog) = (new Span[segments], new Span[segments]);
        for (var i = 0; i < segments; i++)
        {
            progress(i, segments);
            digital[i] = Time(contest.Digital, digitalSteps);
            analog[i] = Time(contest.Analog, analogSteps);
        }
        return (digital, analog);
    }

    /// <summary>Whether a side was still being compiled while it was measured: its second half is much faster than its first.</summary>
    private static bool GotFaster(Span[] spans)
    {
        double[] times = [.. spans.Select(span => double.IsNaN(span.CpuSeconds) ? span.Seconds : span.CpuSeconds)];
        return Quantiles.Median(times[(times.Length / 2)..]) < StillFaster * Quantiles.Median(times[..(times.Length / 2)]);
    }

    /// <summary>Runs a side until it is warm, and says how long a step of it then takes, in seconds.</summary>
    private double WarmUp(Action step, int leastSteps, TimeSpan least)
    {
        var times = new List<double>();
        for (var patience = new JitPatience(least); patience.GoesOn || times.Count < Math.Max(leastSteps, LeastWarmUpSteps);)
            times.Add(Time(step, 1).Seconds);
        return Quantiles.Median(times.TakeLast(times.Count / 4));
    }

    /// <summary>Mean time of some steps in a row.</summary>
    private Span Time(Action step, int steps)
    {
        var (start, cpu) = (Stopwatch.GetTimestamp(), ThreadClock.Seconds);
        for (var i = 0; i < steps; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            step();
        }
        return new(Stopwatch.GetElapsedTime(start).TotalSeconds / steps, (ThreadClock.Seconds - cpu) / steps);
    }
}
