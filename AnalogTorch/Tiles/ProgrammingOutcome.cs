using AnalogTorch.Conductance;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How well an array was programmed; errors are relative to the largest weight that a cell can hold.</summary>
/// <param name="Weights">Number of weights.</param>
/// <param name="Pulses">Programming pulses that were sent.</param>
/// <param name="RmsError">Root mean square of the errors right after programming.</param>
/// <param name="FailedFraction">Share of weights whose error is beyond the scheme's target error.</param>
/// <param name="Phases">Root mean square of the errors after each phase, of a scheme that has several.</param>
public sealed record ProgrammingOutcome(long Weights, long Pulses, double RmsError, double FailedFraction, IReadOnlyList<(string Name, double Error)> Phases)
{
    /// <summary>Pulses per weight.</summary>
    public double PulsesPerWeight => (double)Pulses / Math.Max(Weights, 1);

    internal static ProgrammingOutcome Of(ProgrammingScheme scheme, ProgrammedDevices devices, Tensor wanted, Tensor held)
    {
        using var scope = NewDisposeScope();
        var errors = held - wanted;
        var count = wanted.NumberOfElements;
        return new(
            count, devices.Pulses, Math.Sqrt(errors.square().mean().item<float>()),
            (errors.abs() > (float)scheme.TargetError).sum().item<long>() / (double)count, devices.Phases);
    }
}
