using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Devices that no pulse moves.</summary>
public abstract record Defects : HardwareConfig
{
    /// <summary>The conductances at which devices are stuck (S), NaN for those that work; null if all do.</summary>
    /// <param name="shape">Shape of the array of devices.</param>
    /// <param name="range">The conductances of working devices (S).</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="device">The torch device.</param>
    public abstract Tensor? Draw(long[] shape, (double Min, double Max) range, Rng rng, Device device);
}

/// <summary>Every device works.</summary>
public sealed record NoDefects : Defects
{
    /// <inheritdoc/>
    public override Tensor? Draw(long[] shape, (double Min, double Max) range, Rng rng, Device device) => null;
}

/// <summary>Shares of the devices are stuck at their smallest and largest conductance.</summary>
public sealed record StuckDevices : Defects, ICrossChecked
{
    /// <summary>Share of devices stuck at the smallest conductance; the default is the share that weakens a network most in Rasch et al. (2023).</summary>
    [Unit("1")]
    public double AtMin { get; init => field = Within(value, 0, 1); } = 0.0042;

    /// <summary>Share of devices stuck at the largest conductance.</summary>
    [Unit("1")]
    public double AtMax { get; init => field = Within(value, 0, 1); }

    /// <inheritdoc/>
    public void Check()
    {
        if (AtMin + AtMax > 1)
            throw new ArgumentException($"StuckDevices.AtMin and AtMax must add up to 1 at most, but are {AtMin} and {AtMax}.");
    }

    /// <inheritdoc/>
    public override Tensor? Draw(long[] shape, (double Min, double Max) range, Rng rng, Device device)
    {
        using var scope = NewDisposeScope();
        var lot = Noise.Uniform(rng, shape, device);
        var stuck = full_like(lot, float.NaN).masked_fill_(lot < (float)AtMin, (float)range.Min);
        return stuck.masked_fill_(lot >= (float)(1 - AtMax), (float)range.Max).MoveToOuterDisposeScope();
    }
}
