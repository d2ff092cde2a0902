using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What a row needs in order to be measured.</summary>
internal sealed class BenchmarkBench(BenchmarkSettings settings, DataFolder? data, Action<string> progress, CancellationToken cancel) : IDisposable
{
    private Digits? digits;

    /// <summary>How long and how large.</summary>
    public BenchmarkSettings Settings => settings;

    /// <summary>Raised by Ctrl-C.</summary>
    public CancellationToken Cancel => cancel;

    /// <summary>The images, read or drawn when they are first needed.</summary>
    public Digits Digits => digits ??= Digits.Load(data, settings);

    /// <summary>Measures a contest in a dispose scope of its own.</summary>
    public RowResult Measure(Func<Contest> make)
    {
        using var scope = NewDisposeScope();
        using var contest = make();
        var result = Duel(contest);
        var allocations = Allocations.Of(contest.Analog, contest.StepsPerSegment > 0 ? Math.Min(contest.StepsPerSegment, settings.AllocationSteps) : 20);
        return new(
            Quantiles.Median(result.Ratios), Quantiles.Of(result.Ratios, 0.25), Quantiles.Of(result.Ratios, 0.75), result.DigitalSeconds, result.AnalogSeconds,
            [.. contest.Figures, ("ratio_cpu", Quantiles.Median(result.CpuRatios)), ("managed_bytes_per_step", allocations.ManagedBytes), ("native_bytes_kept_per_step", allocations.NativeBytesKept), ("tensors_per_step", allocations.Tensors)]);
    }

    /// <summary>Measures a contest that somebody else has made.</summary>
    public DuelResult Duel(Contest contest) => new Duel(settings, (done, all) => progress($"{done}/{all}"), cancel).Run(contest);

    /// <summary>Weighs the memory of one layer after a training step, or of one that infers.</summary>
    public RowResult Weigh(string hardware)
    {
        progress("in a process of its own");
        var use = MemoryProcess.Run(new MemoryTask { Hardware = hardware, Side = settings.MemorySide, Seed = settings.Seed, Threads = settings.Threads }, cancel);
        var most = Math.Max(use.BytesPerWeight, use.ProcessBytesPerWeight);
        return new(most, most, most, double.NaN, use.StepSeconds,
            [("bytes_per_weight", use.BytesPerWeight), ("bytes_per_weight_process", use.ProcessBytesPerWeight), ("bytes_per_weight_peak", use.PeakBytesPerWeight)]);
    }

    /// <inheritdoc/>
    public void Dispose() => digits?.Dispose();
}
