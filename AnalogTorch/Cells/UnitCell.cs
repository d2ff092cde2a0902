using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>The devices that together make one weight.</summary>
/// <remarks>To add a cell, derive a sealed record and the <see cref="CellArray"/> that it builds, in one file.</remarks>
public abstract record UnitCell : HardwareConfig
{
    /// <summary>Devices that one weight is made of; devices shared between weights count as the fraction of one.</summary>
    public abstract double DevicesPerWeight { get; }

    /// <summary>Mean change of the weight (w) by one pulse.</summary>
    public abstract double WeightStep { get; }

    /// <summary>The device that updates pulse, if there is one kind of them whose pulses may be of any size; null for cells that take full pulses only.</summary>
    public virtual PulsedDevice? UpdatedDevice() => null;

    /// <summary>The same cell, of which the same conductance stands for so many times the weight.</summary>
    public abstract UnitCell Scaled(double factor);

    /// <summary>Builds an array of fresh cells.</summary>
    /// <param name="rng">The stream of this array: device variation, and the seed of everything that it will draw.</param>
    /// <param name="weights">The effective weights [outputs, inputs], which the array writes into from now on; what they held is lost, so write it anew.</param>
    public abstract CellArray Build(Rng rng, Tensor weights);
}
