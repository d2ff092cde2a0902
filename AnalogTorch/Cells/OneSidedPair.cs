using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Two devices that only rise, one for positive and one for negative weight, RESET now and then.</summary>
/// <remarks>W = (G⁺ − G⁻)/ValuePerWeight; the cell of Burr et al. (IEDM 2014, TED 2015).</remarks>
public sealed record OneSidedPair : UnitCell
{
    /// <summary>What G⁺ and G⁻ are: an element that pulses raise and RESET lowers.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new PcmSet();

    /// <summary>Difference of the two devices, in their own unit (S for <see cref="PcmSet"/>), that stands for a weight of 1.</summary>
    [Unit(Units.OfDevice)]
    public double ValuePerWeight { get; init => field = Positive(value); } = 40 * Units.uS;

    /// <summary>What is done about devices that approach saturation.</summary>
    public PairRefresh Refresh { get; init => field = NotNull(value); } = new OccasionalReset();

    /// <summary>Most SET pulses spent on writing one device.</summary>
    [Unit("1")]
    public int MaxWritePulses { get; init => field = Within(value, 1, 10_000); } = 20;

    /// <inheritdoc/>
    public override double DevicesPerWeight => 2;

    /// <inheritdoc/>
    public override double WeightStep => Device.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return new OnePair(this, elements(Device), elements(Device));
    }

    private sealed class Array : CellArray
    {
        private readonly OneSidedPair cell;
        private readonly DeviceArray plus, minus;

        public Array(OneSidedPair cell, Rng rng, Tensor weights)
            : base(cell, rng, weights, new Schedule { Duties = [new("refresh", cell.Refresh.Interval)], SettleEvery = cell.Device is ILeaking ? cell.LeakEvery : Schedule.Never })
        {
            this.cell = cell;
            (plus, minus) = (AddDevices(cell.Device, "g_plus"), AddDevices(cell.Device, "g_minus"));
        }

        public override IEnumerable<(string Name, Tensor Values)> Observables => [("G⁺", plus.Planes.Value), ("G⁻", minus.Planes.Value)];

        public override double? MeanSiemensPerWeight
        {
            get
            {
                if (!cell.Device.IsInSiemens)
                    return null;
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                return plus.Planes.Value.mean().item<float>() + minus.Planes.Value.mean().item<float>();
            }
        }

        private PulseTarget Plus => plus.Target(() => Target(plus, minus, PulseSide.UpOnly, 1));

        private PulseTarget Minus => minus.Target(() => Target(minus, plus, PulseSide.DownOnly, -1));

        public override void Refresh() => Read(plus, Plus);

        protected override void OnWrite(Tensor targets, Rng rng)
        {
            var all = arange(targets.NumberOfElements, ScalarType.Int64, targets.device);
            Rewrite(all, targets.reshape(-1) * (float)cell.ValuePerWeight, rng);
        }

        protected override void OnAdd(Tensor change, Rng rng)
        {
            var siemens = change * (float)cell.ValuePerWeight;
            plus.Raise(siemens.clamp_min(0f));
            minus.Raise(siemens.clamp_max(0f).neg_());
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng)
        {
            Pulse(plus, Plus, trains, rng.Split("plus"));
            Pulse(minus, Minus, trains, rng.Split("minus"));
        }

        protected override void OnTime(double seconds, Rng rng)
        {
            plus.Pass(seconds);
            minus.Pass(seconds);
            Refresh();
        }

        protected override void OnDue(Duty duty, Rng rng)
        {
            var largest = maximum(plus.Planes.Value, minus.Planes.Value);
            var saturated = (largest > (float)cell.Refresh.SaturatedAbove).view(-1).nonzero().squeeze(1);
            if (saturated.NumberOfElements > 0)
                Rewrite(saturated, plus.At(saturated) - minus.At(saturated), rng);
        }

        /// <summary>RESETs both devices of the chosen pairs, then SETs the one of the right sign pulse by pulse up to the difference.</summary>
        /// <remarks>Few pairs are chosen as a rule, so that their numbers are gathered, and the array as a whole is passed over once.</remarks>
        private void Rewrite(Tensor pairs, Tensor differences, Rng rng)
        {
            plus.Reset(pairs, rng.Split("reset plus"));
            minus.Reset(pairs, rng.Split("reset minus"));
            CountProgramming(2 * pairs.NumberOfElements);
            // Only one device of a pair moves from here on, so that what the other holds makes a fixed goal.
            Seek(plus, Plus, Goals(pairs, where(differences > 0, differences + minus.At(pairs), float.NegativeInfinity)), rng.Split("plus"));
            Seek(minus, Minus, Goals(pairs, where(differences < 0, plus.At(pairs) - differences, float.NegativeInfinity)), rng.Split("minus"));
            Refresh();
        }

        private Tensor Goals(Tensor pairs, Tensor goals)
        {
            var all = full_like(Weights, float.NegativeInfinity);
            all.view(-1).index_copy_(0, pairs, goals);
            return all;
        }

        private void Seek(DeviceArray array, PulseTarget target, Tensor goals, Rng rng) =>
            Seek(array, target, goals, (float)(cell.Device.NominalStep / 2), cell.MaxWritePulses, rng);

        private PulseTarget Target(DeviceArray array, DeviceArray other, PulseSide side, int sign) => new()
        {
            Planes = array.Planes,
            Weights = Weights,
            Other = other.Planes.Value,
            Gain = (float)(sign / cell.ValuePerWeight),
            OtherGain = (float)(-sign / cell.ValuePerWeight),
            Side = side,
        };
    }

    private sealed class OnePair(OneSidedPair cell, IMeanElement plus, IMeanElement minus) : CellWitness
    {
        private long seen, left;

        public override double Weight => (plus.Value - minus.Value) / cell.ValuePerWeight;

        public override IEnumerable<(string Name, double Value)> Observables => [("G⁺", plus.Value), ("G⁻", minus.Value)];

        public override void Write(double target)
        {
            var difference = target * cell.ValuePerWeight;
            plus.Reset();
            minus.Reset();
            var (rising, goal) = difference > 0 ? (plus, minus.Value + difference) : (minus, plus.Value - difference);
            for (var pulse = 0; difference != 0 && pulse < cell.MaxWritePulses && rising.Value < goal - cell.Device.NominalStep / 2; pulse++)
                rising.Pulse(up: true);
        }

        public override void Example(int pulses, TrainingRates rates)
        {
            for (var pulse = 0; pulse < Math.Abs(pulses); pulse++)
                (pulses > 0 ? plus : minus).Pulse(up: true);
            var refresh = ++seen % cell.Refresh.Interval == 0;
            if (refresh || seen % cell.LeakEvery == 0)
            {
                plus.Pass((seen - left) * cell.ExampleTime);
                minus.Pass((seen - left) * cell.ExampleTime);
                left = seen;
            }
            if (refresh && Math.Max(plus.Value, minus.Value) > cell.Refresh.SaturatedAbove)
                Write(Weight);
        }
    }
}

/// <summary>What is done about pairs of one-sided devices that approach saturation.</summary>
public abstract record PairRefresh : HardwareConfig
{
    /// <summary>Examples between two looks at the pairs; <see cref="Schedule.Never"/> for none.</summary>
    public abstract long Interval { get; }

    /// <summary>Value of the larger device above which a pair is RESET and written again, in the device's own unit.</summary>
    public abstract double SaturatedAbove { get; }
}

/// <summary>Pairs run into saturation and stay there.</summary>
public sealed record NoRefresh : PairRefresh
{
    /// <inheritdoc/>
    public override long Interval => Schedule.Never;

    /// <inheritdoc/>
    public override double SaturatedAbove => double.PositiveInfinity;
}

/// <summary>Every so many examples, pairs whose larger device exceeds a threshold are RESET and their difference is written again.</summary>
/// <remarks>The occasional RESET of Burr et al.; the interval and the threshold are chosen here.</remarks>
public sealed record OccasionalReset : PairRefresh
{
    /// <summary>Examples between two looks at the pairs.</summary>
    [Unit("1")]
    public int Every { get; init => field = Within(value, 1, int.MaxValue); } = 500;

    /// <summary>Value of the larger device, in its own unit (S for <see cref="PcmSet"/>), above which a pair is rewritten.</summary>
    [Unit(Units.OfDevice)]
    public double Threshold { get; init => field = Positive(value); } = 7.2 * Units.uS;

    /// <inheritdoc/>
    public override long Interval => Every;

    /// <inheritdoc/>
    public override double SaturatedAbove => Threshold;
}
