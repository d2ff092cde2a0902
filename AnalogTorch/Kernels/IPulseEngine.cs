using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Applies pulses to arrays of elements.</summary>
/// <remarks>
/// Each method returns a visitor for <c>PulsedDevice.Accept</c>. The samples of a batch are applied in their order, pulse by
/// pulse. All engines agree with <see cref="ScalarEngine"/>: to rounding without noise, in distribution with it.
/// </remarks>
public interface IPulseEngine
{
    /// <summary>A short name, by which <see cref="Engines"/> selects it.</summary>
    string Name { get; }

    /// <summary>Whether the engine works on tensors of this torch device.</summary>
    bool Supports(Device device);

    /// <summary>Pulses every element where the trains of its two lines coincide.</summary>
    IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng);

    /// <summary>Gives every element its own number of pulses, upward where it is positive, downward where it is negative.</summary>
    /// <param name="target">The elements; its side and inversion do not apply here.</param>
    /// <param name="counts">Numbers of pulses (int32) of the shape of the values.</param>
    /// <param name="rng">The stream of the noise.</param>
    IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng);

    /// <summary>Closed-loop programming: raises every element, pulse by pulse, until it is no longer too far below its goal.</summary>
    /// <param name="target">The elements; its side and inversion do not apply here.</param>
    /// <param name="goals">Values to reach (float) of the shape of the values; −∞ for an element that is to stay.</param>
    /// <param name="tolerance">How far below its goal an element may stay.</param>
    /// <param name="most">Most pulses that one element receives.</param>
    /// <param name="rng">The stream of the noise.</param>
    IPulseStepVisitor Seek(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng);

    /// <summary>Recomputes all weights from the values.</summary>
    /// <param name="target">The elements.</param>
    /// <param name="rng">The stream of the write noise, if the target has any.</param>
    IPulseStepVisitor Read(PulseTarget target, Rng rng);
}

/// <summary>The engines, best first, and the way to force one.</summary>
public static class Engines
{
    /// <summary>The environment variable that forces an engine by its name, for tests and measurements.</summary>
    public const string Variable = "ANALOGTORCH_ENGINE";

    private const string Fused = "fused"; // of the widest registers

    /// <summary>All engines that this computer can run, best first.</summary>
    public static IReadOnlyList<IPulseEngine> All { get; } =
        [.. FusedEngine<Lane512>.IfSupported(), .. FusedEngine<Lane256>.IfSupported(), .. FusedEngine<Lane128>.IfSupported(), new TensorEngine(), new ScalarEngine()];

    private static readonly IPulseEngine? Forced = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name
        ? All.FirstOrDefault(engine => engine.Name == name || (name == Fused && engine.Name.StartsWith(Fused, StringComparison.Ordinal)))
            ?? throw new ArgumentException($"{Variable} must be one of {Fused}, {string.Join(", ", All.Select(engine => engine.Name))}, but is '{name}'.")
        : null;

    /// <summary>Most lanes of a register that the loops beside the engines may use: those of the engine that is forced.</summary>
    internal static int WidestLanes { get; } = Forced is IWideEngine engine ? engine.Lanes : Wide.MostLanes;

    /// <summary>The engine for tensors of a torch device.</summary>
    public static IPulseEngine For(Device device) => Forced ?? All.First(engine => engine.Supports(device));
}
