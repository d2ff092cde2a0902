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
    [Unit("1")]
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

    private sealed class Array : CellArray
    {
        private const string ReferencePlane = "reference";
        private readonly SingleDevice cell;
        private readonly DeviceArray device;
        private PulseTarget target;

        public Array(SingleDevice cell, Rng rng, Tensor weights) : base(rng, weights)
        {
            this.cell = cell;
            device = new DeviceArray(cell.Device, "device", State, rng, weights.shape, weights.device, Shared);
            using var scope = NewDisposeScope();
            if (cell.Reference.Draw(cell.Device, device.Planes) is { } reference)
                State.Add(ReferencePlane, reference.expand(weights.shape).contiguous());
            target = Target();
        }

        public override IEnumerable<(string Name, Tensor Values)> Observables => [("Device value", device.Planes.Value)];

        /// <summary>The weights, where they are the values of the devices: then memory holds them once.</summary>
        private Tensor? Shared =>
            cell is { Device: BoundedDevice, Reference: ZeroReference, ValuePerWeight: 1, WriteNoise: 0 } ? Weights : null;

        private Tensor? Reference => State.Names.Contains(ReferencePlane) ? State[ReferencePlane] : null;

        public override void Refresh() => Run(device, target, (engine, target) => engine.Read(target, StepStream.Split("read")), ProgrammingPulsesSent);

        protected override void OnWrite(Tensor targets, Rng rng)
        {
            var value = targets * (float)cell.ValuePerWeight;
            if (Reference is { } reference)
                value += reference;
            device.Planes.Value.copy_(minimum(maximum(value, device.Planes.Min), device.Planes.Max));
            Refresh();
        }

        public override double WeightStep => cell.WeightStep;

        protected override void OnAdd(Tensor change)
        {
            var planes = device.Planes;
            planes.Value.copy_(minimum(maximum(planes.Value + change * (float)cell.ValuePerWeight, planes.Min), planes.Max));
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng) =>
            Run(device, target, (engine, target) => engine.Update(target, trains, rng), PulsesSent);

        protected override long ExamplesUntilDue(long examples) => long.MaxValue;

        protected override void OnExamples(long before, long after, Rng rng)
        {
        }

        protected override void OnRebind()
        {
            device.Moved(Shared);
            target = Target();
        }

        private PulseTarget Target() => new()
        {
            Planes = device.Planes,
            Weights = Weights,
            Other = Reference,
            Gain = (float)(1 / cell.ValuePerWeight),
            OtherGain = (float)(-1 / cell.ValuePerWeight),
            WriteNoise = (float)(cell.WriteNoise * (cell.Device is BoundedDevice bounded ? bounded.DwMin : cell.Device.NominalStep) / cell.ValuePerWeight),
        };
    }
}

/// <summary>What a single device is measured against.</summary>
public abstract record Reference : HardwareConfig
{
    /// <summary>The reference values, of the shape of the values or one number; null for zero.</summary>
    public abstract Tensor? Draw(PulsedDevice device, ElementPlanes planes);
}

/// <summary>No reference: the value is the weight.</summary>
public sealed record ZeroReference : Reference
{
    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes) => null;
}

/// <summary>The middle of the device's nominal range.</summary>
public sealed record MidRangeReference : Reference
{
    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes) =>
        full(1, (float)((device.Range.Min + device.Range.Max) / 2), device: planes.Value.device);
}

/// <summary>The value at which an up and a down step of the element are equally large, for soft bounds.</summary>
/// <remarks>(s_up − s_down)/(s_up/b_max − s_down/b_min), as in IBM aihwkit; 0 for an element that does not move at all.</remarks>
public sealed record SymmetryPointReference : Reference
{
    /// <inheritdoc/>
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes) =>
        Of(planes.Up, planes.Down, planes.Min, planes.Max);

    private static Tensor Of(Tensor up, Tensor down, Tensor min, Tensor max) => ((up - down) / (up / max - down / min)).nan_to_num_(0);
}
