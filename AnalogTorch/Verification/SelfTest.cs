using System.Diagnostics;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Verification;

/// <summary>Holds what this computer simulates against the equations, with its own processor, registers, torch and torch device.</summary>
/// <remarks>
/// Every device, memory, converter, noise and pulse scheme of the loaded assemblies, those of the user's own among them, is drawn many times and compared with the moments that it declares, which are
/// written apart from what the loops run; every engine is held against plain loops. A right computer fails with a probability that <see cref="SelfTestReport.FalseAlarm"/> states.
/// </remarks>
public static class SelfTest
{
    /// <summary>Probability that a single check of drawn numbers fails on a computer that does everything right.</summary>
    public const double FalseAlarm = 1e-7;

    /// <summary>Runs every check; some seconds.</summary>
    /// <param name="device">The torch device to check; null for host memory.</param>
    /// <param name="seed">Seed of everything that is drawn.</param>
    /// <param name="progress">Told of every check as soon as it is done.</param>
    /// <param name="cancel">Stops between two checks.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static SelfTestReport Run(Device? device = null, long seed = 0, IProgress<SelfCheck>? progress = null, CancellationToken cancel = default)
    {
        var clock = Stopwatch.StartNew();
        var checks = new List<SelfCheck>();
        var bench = new SelfTestBench(device ?? CPU, Rng.FromSeed(seed).Split("self-test"));
        using var noGrad = no_grad();
        foreach (var part in Parts(bench))
        {
            using var scope = NewDisposeScope();
            foreach (var check in part())
            {
                cancel.ThrowIfCancellationRequested();
                checks.Add(check);
                progress?.Report(check);
            }
        }
        return new(checks, clock.Elapsed);
    }

    private static IEnumerable<Func<IEnumerable<SelfCheck>>> Parts(SelfTestBench bench) =>
    [
        bench.Torch,
        bench.RandomNumbers,
        .. Each<PulsedDevice>(bench.Steps),
        .. Each<MemoryStatistics>(bench.Memory),
        .. Each<ReadNoise>(bench.Outputs),
        .. Each<Converter>(bench.Curve),
        .. Each<Rounding>(bench.Halves),
        .. Each<IrDrop>(bench.Lines),
        .. Each<PulseScheme>(bench.Coincidences),
        .. Each<PulsedDevice>(bench.EnginesAgree),
        bench.Threads,
    ];

    private static IEnumerable<Func<IEnumerable<SelfCheck>>> Each<T>(Func<T, IEnumerable<SelfCheck>> check) where T : HardwareConfig =>
        Catalog.Defaults<T>().Select<T, Func<IEnumerable<SelfCheck>>>(variant => () => check(variant));
}
