using AnalogTorch.Devices;

namespace AnalogTorch.Cells;

/// <summary>What training rules ask of devices, refused in one sentence where it is missing.</summary>
internal static class RuleDevices
{
    /// <summary>Refuses devices that pulses of one direction do not move.</summary>
    public static void MustGoBothWays(string rule, string member, PulsedDevice device)
    {
        if (!SymmetryPoint.HasBothDirections(device))
        {
            throw new ArgumentException($"{rule}.{member} must be a device that pulses move either way, but {device.GetType().Name} goes one way only; "
                + "take OneSidedPair, or MixedPrecision or MultiMemristive with a DifferentialSynapse.");
        }
    }

    /// <summary>Refuses references at the symmetry point of devices that have none.</summary>
    public static void MustHaveSymmetryPoint(string rule, string member, PulsedDevice device, Reference reference)
    {
        if (reference is SymmetryPointReference or AlternatingPulseReference && SymmetryPoint.Of(device) is null)
        {
            throw new ArgumentException($"{rule}.{member} must be a device with a symmetry point, but steps of {device.GetType().Name} of one direction are larger at "
                + "every value; take Agad, MixedPrecision, or a device whose steps shrink towards its bounds.");
        }
    }
}
