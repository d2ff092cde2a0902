using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>A cell of one device that is read against the middle of its range, so that a one-sided device holds both signs.</summary>
/// <remarks>W = (value − (min + max)/2)/ValuePerWeight. Built of what the library has; a cell with devices of several roles derives its own <see cref="CellArray"/>.</remarks>
public sealed record MirroredDevice : UnitCell
{
    /// <summary>The element that pulses of either direction move.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new CubicStep();

    /// <summary>Value of the device, in normalised weight, that stands for a weight of 1.</summary>
    [Unit("w")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    public override double DevicesPerWeight => 1;

    public override double WeightStep => Cell.WeightStep;

    private SingleDevice Cell => new() { Device = Device, Reference = new MidRangeReference(), ValuePerWeight = ValuePerWeight };

    public override PulsedDevice UpdatedDevice() => Device;

    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => Cell.Witness(elements, place);

    public override CellArray Build(Rng rng, Tensor weights) => Cell.Build(rng, weights);
}
