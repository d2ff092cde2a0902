using System.Globalization;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Memory of one layer against its number of weights, up to 10⁸.</summary>
internal sealed class MemoryScaling(BenchmarkSettings settings, Action<string> progress, CancellationToken cancel)
{
    private const double Share = 0.6; // of the free memory that may be used; other programs need some, too
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Weighs layer after layer, each in a process of its own, as long as they fit.</summary>
    public ScalingPlot Run()
    {
        int[] sides = settings.Quick ? [256, 1024] : [316, 1000, 3162, 10_000];
        var curves = new List<ScalingCurve>();
        var notes = new List<string>();
        foreach (var hardware in BenchmarkHardware.ByName.Keys.Prepend(MemoryTask.Digital).Append(MemoryTask.Inference))
        {
            var (x, y) = (new List<double>(), new List<double>());
            var peak = 0.0; // bytes per weight of the layer before
            var seconds = 0.0;
            foreach (var side in sides)
            {
                cancel.ThrowIfCancellationRequested();
                var weights = (double)side * side;
                if (peak * weights > Share * ProcessMemory.Free())
                {
                    notes.Add(Invariant($"{hardware}, {weights:G2} weights: left out, because making them would take about {peak * weights / 1e9:F1} GB and {ProcessMemory.Free() / 1e9:F1} GB are free."));
                    break;
                }
                if (x.Count > 0 && seconds * weights / x[^1] > Patience.TotalSeconds)
                {
                    notes.Add(Invariant($"{hardware}, {weights:G2} weights: left out, because making them would take about {seconds * weights / x[^1] / 60:F0} minutes."));
                    break;
                }
                progress(Invariant($"memory: {hardware}, {weights:G2} weights"));
                var start = System.Diagnostics.Stopwatch.GetTimestamp();
                var use = MemoryProcess.Run(new MemoryTask { Hardware = hardware, Side = side, Seed = settings.Seed, Threads = settings.Threads }, cancel);
                seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
                peak = weights >= 1e6 ? use.PeakBytesPerWeight : Math.Max(peak, use.BytesPerWeight); // small layers drown in the process's own
                x.Add(weights);
                y.Add(use.BytesPerWeight * weights);
                if (side == sides[^1])
                    notes.Add(Invariant($"{hardware}, {weights:G2} weights: {use.BytesPerWeight:F1} bytes per weight in tensors, {use.ProcessBytesPerWeight:F1} in the process, {use.PeakBytesPerWeight:F1} at the peak."));
            }
            curves.Add(new(hardware, [.. x], [.. y]));
        }
        return new("memory", "weights [1]", "memory of the layer [bytes]", curves, [new("free memory of this machine", [1e5, 1e8], [ProcessMemory.Free(), ProcessMemory.Free()])], notes);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
