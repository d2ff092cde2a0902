using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>The devices that together make one weight.</summary>
/// <remarks>To add a cell, derive a sealed record, the <see cref="CellArray"/> that it builds and its <see cref="CellWitness"/>, in one file.</remarks>
public abstract record UnitCell : HardwareConfig
{
    /// <summary>Which devices do not work: their share, and where in their own range they are stuck.</summary>
    public Defects Defects { get; init => field = NotNull(value); } = new NoDefects();

    /// <summary>Time that one training example takes, during which devices leak and drift.</summary>
    [Unit("s")]
    public double ExampleTime { get; init => field = NotNegative(value); } = 240 * Units.ns;

    /// <summary>Examples after which leakage and drift are worked into the weights, and whenever something else is due; 1 works them in after each.</summary>
    [Unit("1")]
    public int LeakEvery { get; init => field = Within(value, 1, int.MaxValue); } = 20;

    /// <summary>Devices that one weight is made of; devices shared between weights count as the fraction of one.</summary>
    public abstract double DevicesPerWeight { get; }

    /// <summary>Mean change (w) by one pulse of the weight, or of the array that takes the pulses where the weight follows later.</summary>
    public abstract double WeightStep { get; }

    /// <summary>Whether a pulse of a train moves the weight at once and by <see cref="WeightStep"/>; else it moves what the weight follows later.</summary>
    public virtual bool IsDirect => true;

    /// <summary>The device that updates pulse, if there is one kind of them whose pulses may be of any size; null for cells that take full pulses only.</summary>
    public virtual PulsedDevice? UpdatedDevice() => null;

    /// <summary>The same cell, of which the same conductance stands for so many times the weight.</summary>
    public abstract UnitCell Scaled(double factor);

    /// <summary>Builds an array of fresh cells.</summary>
    /// <param name="rng">The stream of this array: device variation, and the seed of everything that it will draw.</param>
    /// <param name="weights">The effective weights [outputs, inputs], which the array writes into from now on; what they held is lost, so write it anew.</param>
    public abstract CellArray Build(Rng rng, Tensor weights);

    /// <summary>What one cell should do, in plain double and written apart from the array: what the array is measured against.</summary>
    /// <param name="elements">Gives a single element of a device, without noise and variation.</param>
    /// <param name="place">Where in the array the cell is.</param>
    public abstract CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place);
}
