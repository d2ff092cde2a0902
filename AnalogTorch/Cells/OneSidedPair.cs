using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Two devices that only rise, one for positive and one for negative weight, RESET now and then.</summary>
/// <remarks>W = (G⁺ − G⁻)/SiemensPerWeight; the cell of Burr et al. (IEDM 2014, TED 2015).</remarks>
public sealed record OneSidedPair : UnitCell
{
    /// <summary>What G⁺ and G⁻ are: an element that pulses raise and RESET lowers.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new PcmSet();

    /// <summary>Difference of the two conductances that stands for a weight of 1.</summary>
    [Unit("S")]
    public double SiemensPerWeight { get; init => field = Positive(value); } = 40 * Units.uS;

    /// <summary>What is done about devices that approach saturation.</summary>
    public PairRefresh Refresh { get; init => field = NotNull(value); } = new OccasionalReset();

    /// <summary>Most SET pulses spent on writing one device.</summary>
    [Unit("1")]
    public int MaxWritePulses { get; init => field = Within(value, 1, 10_000); } = 20;

    /// <inheritdoc/>
    public override double DevicesPerWeight => 2;

    /// <inheritdoc/>
    public override double WeightStep => Device.NominalStep / SiemensPerWeight;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { SiemensPerWeight = SiemensPerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    private sealed class Array : CellArray
    {
        private readonly OneSidedPair cell;
        private readonly DeviceArray plus, minus;
        private PulseTarget plusTarget, minusTarget;

        public Array(OneSidedPair cell, Rng rng, Tensor weights) : base(rng, weights)
        {
            this.cell = cell;
            plus = new DeviceArray(cell.Device, "g_plus", State, rng, weights.shape, weights.device);
            minus = new DeviceArray(cell.Device, "g_minus", State, rng, weights.shape, weights.device);
            (plusTarget, minusTarget) = (Target(plus, minus, PulseSide.UpOnly, 1), Target(minus, plus, PulseSide.DownOnly, -1));
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

        public override void Refresh() => Run(plus, plusTarget, (engine, target) => engine.Read(target, StepStream.Split("read")), PulsesSent);

        protected override void OnWrite(Tensor targets, Rng rng)
        {
            var all = arange(targets.NumberOfElements, ScalarType.Int64, targets.device);
            Rewrite(all, targets.reshape(-1) * (float)cell.SiemensPerWeight, rng);
        }

        public override double WeightStep => cell.WeightStep;

        protected override void OnAdd(Tensor change)
        {
            var siemens = change * (float)cell.SiemensPerWeight;
            plus.Planes.Value.copy_(minimum(plus.Planes.Value + siemens.clamp_min(0f), plus.Planes.Max));
            minus.Planes.Value.copy_(minimum(minus.Planes.Value - siemens.clamp_max(0f), minus.Planes.Max));
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng)
        {
            Run(plus, plusTarget, (engine, target) => engine.Update(target, trains, rng.Split("plus")), PulsesSent);
            Run(minus, minusTarget, (engine, target) => engine.Update(target, trains, rng.Split("minus")), PulsesSent);
        }

        protected override long ExamplesUntilDue(long examples) => cell.Refresh.ExamplesUntilDue(examples);

        protected override void OnExamples(long before, long after, Rng rng)
        {
            if (after - before < cell.Refresh.ExamplesUntilDue(before))
                return;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var saturated = cell.Refresh.Saturated(plus.Planes.Value, minus.Planes.Value).view(-1).nonzero().squeeze(1);
            if (saturated.NumberOfElements > 0)
                Rewrite(saturated, plus.At(saturated) - minus.At(saturated), rng);
        }

        protected override void OnRebind()
        {
            plus.Moved();
            minus.Moved();
            (plusTarget, minusTarget) = (Target(plus, minus, PulseSide.UpOnly, 1), Target(minus, plus, PulseSide.DownOnly, -1));
        }

        /// <summary>RESETs both devices of the chosen pairs, then SETs the one of the right sign pulse by pulse up to the difference.</summary>
        /// <remarks>Few pairs are chosen as a rule, so that their numbers are gathered, and the array as a whole is passed over once.</remarks>
        private void Rewrite(Tensor pairs, Tensor differences, Rng rng)
        {
            plus.Reset(pairs, rng.Split("reset plus"));
            minus.Reset(pairs, rng.Split("reset minus"));
            State.Counter(ProgrammingPulsesSent) += 2 * pairs.NumberOfElements;
            // Only one device of a pair moves from here on, so that what the other holds makes a fixed goal.
            Seek(plus, plusTarget, pairs, where(differences > 0, differences + minus.At(pairs), float.NegativeInfinity), rng.Split("plus"));
            Seek(minus, minusTarget, pairs, where(differences < 0, plus.At(pairs) - differences, float.NegativeInfinity), rng.Split("minus"));
            Refresh();
        }

        private void Seek(DeviceArray array, PulseTarget target, Tensor pairs, Tensor goals, Rng rng)
        {
            var half = (float)(cell.Device.NominalStep / 2);
            var all = full_like(array.Planes.Value, float.NegativeInfinity);
            all.view(-1).index_copy_(0, pairs, goals);
            Run(array, target, (engine, on) => engine.Seek(on, all, half, cell.MaxWritePulses, rng), ProgrammingPulsesSent);
        }

        private PulseTarget Target(DeviceArray array, DeviceArray other, PulseSide side, int sign) => new()
        {
            Planes = array.Planes,
            Weights = Weights,
            Other = other.Planes.Value,
            Gain = (float)(sign / cell.SiemensPerWeight),
            OtherGain = (float)(-sign / cell.SiemensPerWeight),
            Side = side,
        };
    }
}

/// <summary>What is done about pairs of one-sided devices that approach saturation.</summary>
public abstract record PairRefresh : HardwareConfig
{
    /// <summary>Number of examples after which the pairs are to be looked at next.</summary>
    /// <param name="examples">Examples seen so far.</param>
    public abstract long ExamplesUntilDue(long examples);

    /// <summary>The pairs to RESET and write again (bool).</summary>
    public abstract Tensor Saturated(Tensor plus, Tensor minus);
}

/// <summary>Pairs run into saturation and stay there.</summary>
public sealed record NoRefresh : PairRefresh
{
    /// <inheritdoc/>
    public override long ExamplesUntilDue(long examples) => long.MaxValue;

    /// <inheritdoc/>
    public override Tensor Saturated(Tensor plus, Tensor minus) => zeros_like(plus, ScalarType.Bool);
}

/// <summary>Every so many examples, pairs whose larger device exceeds a threshold are RESET and their difference is written again.</summary>
/// <remarks>The occasional RESET of Burr et al.; the interval and the threshold are chosen here.</remarks>
public sealed record OccasionalReset : PairRefresh
{
    /// <summary>Examples between two looks at the pairs.</summary>
    [Unit("1")]
    public int Every { get; init => field = Within(value, 1, int.MaxValue); } = 500;

    /// <summary>Conductance of the larger device above which a pair is rewritten.</summary>
    [Unit("S")]
    public double Threshold { get; init => field = Positive(value); } = 7.2 * Units.uS;

    /// <inheritdoc/>
    public override long ExamplesUntilDue(long examples) => Every - examples % Every;

    /// <inheritdoc/>
    public override Tensor Saturated(Tensor plus, Tensor minus) => maximum(plus, minus) > (float)Threshold;
}
