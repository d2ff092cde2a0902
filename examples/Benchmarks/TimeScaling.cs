using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Time of whole training steps of one layer, soft bounds, 0.03 coincidences per weight and sample, against size, batch and threads.</summary>
internal sealed class TimeScaling(Machine machine, BenchmarkSettings settings, Action<string> progress, CancellationToken cancel)
{
    private const int Size = 512, Batch = 64, ConstantPlanes = 4; // of a soft-bounds device: two steps, two bounds
    private const double Density = 0.03;

    /// <summary>Against the side of the tile.</summary>
    public ScalingPlot OverSize() => Over("tile size", "side of the tile [1]", settings.Quick ? [128, 256, 512] : [128, 256, 512, 1024, 2048], size => (size, Batch, machine.Threads));

    /// <summary>Against the samples of a step.</summary>
    public ScalingPlot OverBatch() => Over("batch", "samples of a step [1]", settings.Quick ? [1, 16, 64] : [1, 4, 16, 64, 256], batch => (Size, batch, machine.Threads));

    /// <summary>Against threads, up to the cores that the process may use.</summary>
    public ScalingPlot OverThreads()
    {
        var cores = Environment.ProcessorCount;
        int[] threads = [.. Enumerable.Range(0, 31).Select(power => 1 << power).TakeWhile(count => count < cores), cores];
        return Over("threads", "threads [1]", threads, count => (Size, Batch, count));
    }

    /// <summary>Does one measurement for nothing, so that the loops of the first point are not the only ones that are not compiled for good.</summary>
    public void WarmUp() => Measure((Size, Batch, machine.Threads));

    private ScalingPlot Over(string name, string label, int[] values, Func<int, (int Size, int Batch, int Threads)> at)
    {
        var measured = values.Select(value => Measure(at(value))).ToArray();
        double[] x = [.. values.Select(value => (double)value)];
        ScalingCurve Of(string curve, Func<int, double> y) => new(curve, x, [.. values.Select((_, i) => y(i))]);
        ScalingCurve Bound(string curve, Func<(int Size, int Batch, int Threads), double> y) => new(curve, x, [.. values.Select(value => y(at(value)))]);
        var perThread = new Func<(int Size, int Batch, int Threads), double>(point => (double)point.Threads / machine.Threads);
        return new(name, label, "time of a step [s]",
            [Of("digital step", i => measured[i].DigitalSeconds), Of("analog step", i => measured[i].AnalogSeconds)],
            [
                Bound("bound of the digital step: three matrix products", point => 6.0 * point.Batch * point.Size * point.Size / machine.FlopsPerSecond / perThread(point)),
                Bound("bound of the analog step: two matrix products", point => 4.0 * point.Batch * point.Size * point.Size / machine.FlopsPerSecond / perThread(point)),
                Bound("bound of the update: one normal number a pulse", point => Density * point.Batch * point.Size * point.Size / machine.NormalsPerSecond / perThread(point)),
                Bound("bound of the update: all planes through memory", point => (double)(4 + ConstantPlanes) * sizeof(float) * point.Size * point.Size / machine.CopyBytesPerSecond),
            ],
            []);
    }

    private DuelResult Measure((int Size, int Batch, int Threads) point)
    {
        cancel.ThrowIfCancellationRequested();
        progress($"time of a step: {point.Size}×{point.Size}, batch {point.Batch}, {point.Threads} threads");
        set_num_threads(point.Threads);
        try
        {
            using var scope = NewDisposeScope();
            using var contest = new StepContest(BenchmarkHardware.SoftBounds, point.Size, point.Batch, Density, settings.Seed);
            return new Duel(settings, (_, _) => { }, cancel).Run(contest);
        }
        finally
        {
            set_num_threads(machine.Threads);
        }
    }
}
