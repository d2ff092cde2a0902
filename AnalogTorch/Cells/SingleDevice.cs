using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>One bidirectional device against a fixed reference.</summary>
/// <remarks>W = (value − reference)/ValuePerWeight, in the device's own unit of value.</remarks>
public sealed record SingleDevice : UnitCell
{
    /// <summary>The element that pulses of either direction move.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new SoftBounds();

    /// <summary>What the device is measured against.</summary>
    public Reference Reference { get; init => field = NotNull(value); } = new ZeroReference();

    /// <summary>Value of the device, in its own unit, that stands for a weight of 1.</summary>
    [Unit(Units.OfDevice)]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    /// <summary>Standard deviation of what a read shows anew after each write, in units of the device's DwMin or nominal step.</summary>
    [Unit("1")]
    public double WriteNoise { get; init => field = NotNegative(value); }

    /// <inheritdoc/>
    public override double DevicesPerWeight => 1;

    /// <inheritdoc/>
    public override double WeightStep => Device.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Device;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return new OneCell(this, elements(Device));
    }

    private sealed class Array : CellArray
    {
        private const string ReferencePlane = "reference";
        private readonly SingleDevice cell;
        private readonly DeviceArray device;

        public Array(SingleDevice cell, Rng rng, Tensor weights)
            : base(cell, rng, weights, cell.Device is ILeaking ? new Schedule { SettleEvery = cell.LeakEvery } : Schedule.Empty)
        {
            this.cell = cell;
            var areWeights = cell is { Device: BoundedDevice, Reference: ZeroReference, ValuePerWeight: 1, WriteNoise: 0 };
            device = AddDevices(cell.Device, "device", areWeights: areWeights);
            using var scope = NewDisposeScope();
            if (cell.Reference.Draw(cell.Device, device.Planes, rng.Split(ReferencePlane)) is { } reference)
                State.Add(ReferencePlane, reference.expand(weights.shape).contiguous());
        }

        public override IEnumerable<(string Name, Tensor Values)> Observables => [("Device value", device.Planes.Value)];

        private Tensor? Reference => State.Names.Contains(ReferencePlane) ? State[ReferencePlane] : null;

        private PulseTarget Target => device.Target(() => new()
        {
            Planes = device.Planes,
            Weights = Weights,
            Other = Reference,
            Gain = (float)(1 / cell.ValuePerWeight),
            OtherGain = (float)(-1 / cell.ValuePerWeight),
            WriteNoise = (float)(cell.WriteNoise * (cell.Device is BoundedDevice bounded ? bounded.DwMin : cell.Device.NominalStep) / cell.ValuePerWeight),
        });

        public override void Refresh() => Read(device, Target);

        protected override void OnWrite(Tensor targets, Rng rng)
        {
            var value = targets * (float)cell.ValuePerWeight;
            device.Set(Reference is { } reference ? value + reference : value);
            Refresh();
        }

        protected override void OnAdd(Tensor change, Rng rng)
        {
            device.Set(device.Planes.Value + change * (float)cell.ValuePerWeight);
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng) => Pulse(device, Target, trains, rng);

        protected override void OnTime(double seconds, Rng rng)
        {
            device.Pass(seconds);
            Refresh();
        }
    }

    private sealed class OneCell(SingleDevice cell, IMeanElement element) : CellWitness
    {
        private int left = cell.LeakEvery;
        private readonly double reference = cell.Reference.Nominal(cell.Device);

        public override double Weight => (element.Seen - reference) / cell.ValuePerWeight;

        public override IEnumerable<(string Name, double Value)> Observables => [("Device value", element.Value)];

        public override void Write(double target) =>
            element.Value = Math.Clamp(target * cell.ValuePerWeight + reference, element.Bounds.Min, element.Bounds.Max);

        public override void Example(int pulses, TrainingRates rates)
        {
            for (var pulse = 0; pulse < Math.Abs(pulses); pulse++)
                element.Pulse(pulses > 0);
            if (--left > 0)
                return;
            left = cell.LeakEvery;
            element.Pass(cell.LeakEvery * cell.ExampleTime);
        }
    }
}
