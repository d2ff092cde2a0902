using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The computer, and the speeds that bound whatever runs on it, measured now and with the threads of the run.</summary>
/// <param name="Threads">Threads of torch.</param>
/// <param name="CopyBytesPerSecond">Bytes read plus bytes written by a copy of a tensor too large for caches.</param>
/// <param name="NormalsPerSecond">Normal numbers that the library makes.</param>
/// <param name="FlopsPerSecond">Multiplications plus additions of a product of large matrices.</param>
internal sealed record Machine(int Threads, double CopyBytesPerSecond, double NormalsPerSecond, double FlopsPerSecond)
{
    /// <summary>Measures the bounds.</summary>
    public static Machine Describe(BenchmarkSettings settings)
    {
        using var scope = NewDisposeScope();
        var time = settings.AnalogWarmUp / 2; // the library's own loop needs to be compiled again as well
        var side = settings.Quick ? 512 : 1024;
        var elements = (settings.Quick ? 8L : 32L) << 20;
        var (a, b, product) = (ones(side, side), ones(side, side), zeros(side, side));
        var (source, target) = (ones(elements), zeros(elements));
        var rng = Rng.FromSeed(settings.Seed);
        return new(
            settings.Threads,
            2.0 * sizeof(float) * elements / Best(time, () => target.copy_(source)),
            (1 << 20) / Best(time, () => Noise.Normal(rng, [1 << 20])),
            2.0 * side * side * side / Best(time, () => product.addmm_(a, b, beta: 0, alpha: 1)));
    }

    /// <summary>Widest vectors that the hardware adds at once.</summary>
    public static string Vectors => Vector512.IsHardwareAccelerated ? "512 bits" : Vector256.IsHardwareAccelerated ? "256 bits" : "128 bits";

    public IEnumerable<(string Name, string Value)> Facts =>
    [
        ("Processor", Processor.Name),
        ("Cores of this process", $"{Environment.ProcessorCount}"),
        ("Vectors", Vectors),
        ("Threads of torch and of the kernels", $"{Threads}"),
        ("Copy bandwidth (read + written)", Invariant($"{CopyBytesPerSecond / 1e9:F1} GB/s")),
        ("Normal numbers", Invariant($"{NormalsPerSecond / 1e9:F2} · 10⁹/s")),
        ("Matrix product", Invariant($"{FlopsPerSecond / 1e9:F0} Gflop/s")),
    ];

    public JsonObject ToJson() => new()
    {
        ["processor"] = Processor.Name,
        ["cores"] = Environment.ProcessorCount,
        ["vectors"] = Vectors,
        ["threads"] = Threads,
        ["copy_bytes_per_second"] = CopyBytesPerSecond,
        ["normals_per_second"] = NormalsPerSecond,
        ["flops_per_second"] = FlopsPerSecond,
    };

    public override string ToString() => string.Join(", ", Facts.Select(fact => $"{fact.Name.ToLowerInvariant()}: {fact.Value}"));

    /// <summary>Shortest time of many runs, in seconds.</summary>
    private static double Best(TimeSpan time, Func<Tensor> work)
    {
        var best = double.PositiveInfinity;
        for (var patience = new JitPatience(time); patience.GoesOn;)
        {
            using var scope = NewDisposeScope();
            var start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
