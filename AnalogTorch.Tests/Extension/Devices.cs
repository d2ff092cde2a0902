using System.Runtime.CompilerServices;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Extension;

public sealed record ForeignPcmSet : PulsedDevice, IResettable
{
    private static readonly PcmSet Own = new();

    public override bool IsInSiemens => true;

    public override double NominalStep => Own.NominalStep;

    public override (double Min, double Max) Range => Own.Range;

    public override void Accept(IPulseStepVisitor visitor) => Own.Accept(visitor);

    public override Moments StepMoments(in ElementState element, bool isUpward) => Own.StepMoments(element, isUpward);

    public Tensor AfterReset(Tensor normal) => Own.AfterReset(normal);

    public override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null) => Own.Manufacture(rng, shape, device);
}

public sealed record ForeignConstantStep : BoundedDevice
{
    public override double NominalStep => DwMin;

    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)CycleNoise), Draw);

    public override Moments StepMoments(in ElementState element, bool isUpward) =>
        isUpward ? new(element.Up, CycleNoise * element.Up) : new(-element.Down, CycleNoise * element.Down);

    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => cell.Up * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => -cell.Down * T.MultiplyAdd(noise, draw, 1f);
    }
}

public sealed record ForeignParametricJumps : JumpStatistics
{
    private static readonly ParametricJumps Own = new();

    public override int Bins => Own.Bins;

    public override int Quantiles => Own.Quantiles;

    public override float[] UpTable() => Own.UpTable();

    public override float[] DownTable() => Own.DownTable();

    public override Moments StepMoments(double relativeConductance, bool isUpward) => Own.StepMoments(relativeConductance, isUpward);
}

public sealed record ForeignExponentialLeakage : Leakage
{
    public override Tensor? Draw(Rng rng, long[] shape, Device? device) => new ExponentialLeakage().Draw(rng, shape, device);

    public override void Pass(Tensor value, Tensor? drawn, double seconds) => new ExponentialLeakage().Pass(value, drawn, seconds);
}

public sealed record ForeignSingleDevice : UnitCell
{
    private static readonly SingleDevice Own = new();

    public double Scale { get; init => field = Positive(value); } = 1;

    public override double DevicesPerWeight => Own.DevicesPerWeight;

    public override double WeightStep => Scaled().WeightStep;

    public override PulsedDevice? UpdatedDevice() => Own.UpdatedDevice();

    public override UnitCell Scaled(double factor) => this with { Scale = Scale * factor };

    public override CellArray Build(Rng rng, Tensor weights) => Scaled().Build(rng, weights);

    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => Scaled().Witness(elements, place);

    private UnitCell Scaled() => Own.Scaled(Scale) with { Defects = Defects, ExampleTime = ExampleTime, LeakEvery = LeakEvery };
}

public sealed record ForeignMidRangeReference : Reference
{
    public override Tensor? Draw(PulsedDevice device, ElementPlanes planes, Rng rng) => new MidRangeReference().Draw(device, planes, rng);

    public override double Nominal(PulsedDevice device) => new MidRangeReference().Nominal(device);
}

public sealed record ForeignOccasionalReset : PairRefresh
{
    private static readonly OccasionalReset Own = new();

    public override long Interval => Own.Interval;

    public override double SaturatedAbove => Own.SaturatedAbove;
}

public sealed record ForeignFixedPolarity : Polarity
{
    public override int Sign(long transfers) => 1;
}

public sealed record ForeignPolarityOffset : TransferOffset
{
    private static readonly PolarityOffset Own = new();

    public override double LeftToLsp(int sign) => Own.LeftToLsp(sign);

    public override (double Above, double Below) Leaves(int sign) => Own.Leaves(sign);

    public override double ReferenceRaise => Own.ReferenceRaise;
}

public sealed record ForeignLineByLine : TransferTiming
{
    private static readonly LineByLine Own = new();

    public override double Reading(long lines) => Own.Reading(lines);

    public override double Writing(long lines, int tries) => Own.Writing(lines, tries);

    public override double Correcting(long lines, int pulses) => Own.Correcting(lines, pulses);
}

public sealed record ForeignAdaptiveInterval : TransferTrigger
{
    private static readonly AdaptiveInterval Own = new();

    public override long Interval => Own.Interval;

    public override bool IsCrowded(Tensor values, Tensor min, Tensor max) => Own.IsCrowded(values, min, max);
}

public sealed record ForeignExactUpdate : UpdateScheme
{
    public override void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias) =>
        new ExactUpdate().Apply(x, delta, rate, rng, trains, weights, bias);
}

public sealed record ForeignSlottedTrains : PulseScheme
{
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains) =>
        new SlottedTrains().Draw(x, delta, rate, weightStep, rng, trains);

    public override Moments Coincidences(double x, double delta, in TrainSample sample) => new SlottedTrains().Coincidences(x, delta, sample);
}

public sealed record ForeignBalancedGain : TrainGain
{
    private static readonly BalancedGain Own = new();

    public override float InputShare(float inputMax, float deltaMax) => Own.InputShare(inputMax, deltaMax);

    public override Tensor InputShare(Tensor inputMax, Tensor deltaMax) => Own.InputShare(inputMax, deltaMax);

    public override double Share(double inputMax, double deltaMax) => Own.Share(inputMax, deltaMax);
}

public sealed record ForeignShrinkingPulses : PulseSize
{
    public override double Of(in PulseDemand demand) => new ShrinkingPulses().Of(demand);
}
