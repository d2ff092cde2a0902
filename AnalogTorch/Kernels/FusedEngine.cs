using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>An engine that works in registers of one width.</summary>
internal interface IWideEngine
{
    /// <summary>Number of lanes.</summary>
    int Lanes { get; }
}

/// <summary>The CPU engine: as many inputs of one output as a register holds, all samples of a batch while they are there.</summary>
/// <remarks>
/// Coincidences are the AND of two words. Those of all samples are first queued, one bit a pulse that says which way it goes, each
/// lane for itself; then the queues are worked off. So a lane that few pulses reach does not wait at every sample for the one that
/// gets most, and every pulse is applied exactly, in its order. Registers without a coincidence are skipped unread. Random numbers
/// are keyed by (stream, output), so the split over threads leaves no trace. As many threads work as torch itself may use.
/// </remarks>
internal sealed partial class FusedEngine<T> : IPulseEngine, IWideEngine where T : struct, IWide<T>
{
    private const long WorkWorthThreads = 400_000; // element·samples below which starting threads costs more than it saves
    private const int SamplesAtATime = 64; // one bit of a word each
    private const int CacheLine = 64;

    private FusedEngine()
    {
    }

    public string Name => $"fused-{32 * T.Width}";

    public int Lanes => T.Width;

    /// <summary>The engine, if the computer has registers of this width.</summary>
    public static IEnumerable<IPulseEngine> IfSupported() => T.IsSupported ? [new FusedEngine<T>()] : [];

    public bool Supports(Device device) => device.type == DeviceType.CPU;

    public IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng) => new UpdateVisitor(target, trains, rng);

    public IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng) => new PulseVisitor(target, counts, rng);

    public IPulseStepVisitor Seek(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) =>
        new SeekVisitor(target, goals, tolerance, most, rng);

    public IPulseStepVisitor Read(PulseTarget target, Rng rng) => new PulseVisitor(target, null, rng);

    /// <summary>What a pulse draws, as a type, so that the loop is compiled without what it does not need.</summary>
    private interface IDraw
    {
        static abstract T Next(ref RandomLanes<T> lanes);
    }

    private readonly struct NoDraw : IDraw
    {
        public static T Next(ref RandomLanes<T> lanes) => 0f;
    }

    private readonly struct NormalDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Next(ref RandomLanes<T> lanes) => lanes.NextNormal();
    }

    private readonly struct UniformDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Next(ref RandomLanes<T> lanes) => lanes.NextUniform();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Clip(T value, in Cell<T> cell) => T.Min(cell.Max, T.Max(cell.Min, value)); // in this order NaN stays NaN
}
