using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Two phase-change devices for the more significant part of a weight, a gated capacitor for the less significant one.</summary>
/// <remarks>
/// W = [F·(G⁺ − G⁻) + p·(g − g_ref)]/SiemensPerWeight: the 2T2R+3T1C unit cell of Ambrogio et al., Nature 558:60 (2018). Updates go
/// to g alone, open loop. After every <see cref="TransferEvery"/> examples the weight is read, written into G⁺ and G⁻ in closed loop,
/// g is RESET, the polarity p flips (US patents 11,074,499 and 11,915,132), and what the closed loop missed is corrected on g.
/// Time passes line by line in a transfer (<see cref="Timing"/>): all lines are read, all are written, all are corrected. Written devices count from half of the
/// time that writing takes, which is their mean age when it is over; the capacitors are RESET after it, since they would not hold a correction until then.
/// </remarks>
public sealed record MspLspCell : UnitCell, ICrossChecked
{
    /// <summary>Gain of the more significant pair (F).</summary>
    [Unit("1")]
    public double Gain { get; init => field = Positive(value); } = 3;

    /// <summary>Conductance that stands for a weight of 1.</summary>
    [Unit("S")]
    public double SiemensPerWeight { get; init => field = Positive(value); } = 150 * Units.uS;

    /// <summary>How the more significant pair is programmed.</summary>
    public ConductanceWriter Writer { get; init => field = NotNull(value); } = new StaircaseWriter { Tries = 25, Tolerance = 0.3 * Units.uS };

    /// <summary>The volatile device of the less significant pair.</summary>
    public GatedCapacitor Capacitor { get; init => field = NotNull(value); } = new();

    /// <summary>Outputs that share one column of reference cells.</summary>
    [Unit("1")]
    public int OutputsPerReference { get; init => field = Within(value, 1, int.MaxValue); } = 128;

    /// <summary>Examples between two transfers; with a trigger that looks, a whole number of its looks.</summary>
    [Unit("1")]
    public int TransferEvery { get; init => field = Within(value, 1, int.MaxValue); } = 8000;

    /// <summary>How a transfer makes its correction tend to raise g, where there is more room.</summary>
    /// <remarks>The published rule is <see cref="PolarityOffset"/>; with the default, g and its reference leak alike.</remarks>
    public TransferOffset Offset { get; init => field = NotNull(value); } = new ReferenceOffset();

    /// <summary>Sign with which g counts, from transfer to transfer.</summary>
    public Polarity Polarity { get; init => field = NotNull(value); } = new AlternatingPolarity();

    /// <summary>Times that a transfer reads the weights and corrects on g what the more significant pair missed.</summary>
    /// <remarks>The pulses are counted for a cell without mismatch, so one round leaves the mismatch's share of the error.</remarks>
    [Unit("1")]
    public int CorrectionRounds { get; init => field = Within(value, 0, 1000); } = 3;

    /// <summary>Most pulses that one round of correction sends to a cell.</summary>
    [Unit("1")]
    public int MaxCorrectionPulses { get; init => field = Within(value, 0, 100_000); } = 80;

    /// <summary>What may make a transfer due before its interval is over.</summary>
    public TransferTrigger Trigger { get; init => field = NotNull(value); } = new AtInterval();

    /// <summary>How long a transfer takes, during which the capacitors leak and the pair drifts.</summary>
    public TransferTiming Timing { get; init => field = NotNull(value); } = new InstantTransfer();

    /// <summary>Path through which transfers read the weights, each cell by itself; 1 stands for a pair whose one device is at the memory's largest conductance.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <summary>How the devices of the more significant pair drift, and how they scatter from read to read; how they are written is the writer's.</summary>
    public MemoryStatistics Memory { get; init => field = NotNull(value); } = new IdealMemory();

    /// <summary>What transfers ask of the more significant pair, so that it is where it should be later.</summary>
    public Anticipation Anticipation { get; init => field = NotNull(value); } = new NoAnticipation();

    /// <inheritdoc/>
    public override double DevicesPerWeight => 3 + 1.0 / OutputsPerReference;

    /// <inheritdoc/>
    public override double WeightStep => Capacitor.NominalStep / SiemensPerWeight;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Capacitor;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { SiemensPerWeight = SiemensPerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return new MspLspWitness(this, elements(Capacitor), elements(Capacitor));
    }

    /// <inheritdoc/>
    public void Check()
    {
        if (Memory is StableMemory and not IdealMemory)
            throw new ArgumentException($"MspLspCell.Memory must be one that drifts or scatters from read to read, or IdealMemory, but is {Memory.GetType().Name}, which only scatters when it is written; take it for Writer = new MemoryWriter {{ Memory = ... }}.");
    }

    private Schedule Schedule => new()
    {
        Duties = Trigger.Interval == Schedule.Never ? [new("transfer", TransferEvery)] : [new("look", Trigger.Interval)],
        SettleEvery = LeakEvery,
        KeepsClock = MemoryArray.LivesInTime(Memory),
    };

    private sealed class Array : CellArray
    {
        private const string Rest = "rest", TransfersDone = "transfers", TransferredAt = "transferred_at", PulsedSince = "pulsed_since";
        private const double Fine = 1000; // counters are whole numbers, and pulses may be small
        private readonly MspLspCell cell;
        private readonly DeviceArray lsp, reference;
        private readonly MemoryArray plus, minus;

        public Array(MspLspCell cell, Rng rng, Tensor weights)
            : base(cell, rng, weights, cell.Schedule, cell.Trigger.Interval == Schedule.Never ? [TransfersDone] : [TransfersDone, TransferredAt, PulsedSince])
        {
            this.cell = cell;
            var groups = (weights.shape[0] + cell.OutputsPerReference - 1) / cell.OutputsPerReference;
            lsp = AddDevices(cell.Capacitor, "lsp");
            reference = AddDevices(cell.Capacitor, "reference", [groups, weights.shape[1]]);
            plus = AddMemory(cell.Memory, cell.Writer, "g_plus");
            minus = AddMemory(cell.Memory, cell.Writer, "g_minus");
            State.Add(Rest, zeros_like(weights));
        }

        public override IEnumerable<(string Name, Tensor Values)> Observables => [("G⁺", plus.Now), ("G⁻", minus.Now), ("g", Read(lsp))];

        public override long Transfers => State.Counter(TransfersDone);

        public override double? MeanSiemensPerWeight
        {
            get
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                return cell.Gain * (plus.Now.mean().item<float>() + minus.Now.mean().item<float>()) + Read(lsp).mean().item<float>() + Read(reference).mean().item<float>();
            }
        }

        private int Sign => cell.Polarity.Sign(Transfers);

        private bool Looks => cell.Trigger.Interval != Schedule.Never;

        private long Lines => Weights.shape[1];

        private PulseTarget Target
        {
            get
            {
                var target = lsp.Target(() => new() { Planes = lsp.Planes, Weights = Weights, Other = State[Rest], OtherGain = (float)(1 / cell.SiemensPerWeight) });
                target.Gain = (float)(Sign / cell.SiemensPerWeight);
                target.Inverted = Sign < 0;
                return target;
            }
        }

        public override void Refresh()
        {
            using var scope = NewDisposeScope();
            State[Rest].copy_(plus.Now).sub_(minus.Now).mul_((float)cell.Gain).add_(PerOutput(Read(reference)), alpha: -Sign);
            Read(lsp, Target);
        }

        protected override void OnWrite(Tensor targets, Rng rng) => Transfer(targets * (float)cell.SiemensPerWeight, rng);

        protected override void OnAdd(Tensor change, Rng rng)
        {
            lsp.Set(lsp.Planes.Value + change * (float)(Sign * cell.SiemensPerWeight / cell.Capacitor.Transconductance));
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng)
        {
            var before = Pulses;
            Pulse(lsp, Target, trains, rng);
            if (Looks)
                State.Counter(PulsedSince) += (long)Math.Round((Pulses - before) * trains.Size * Fine);
        }

        protected override void OnTime(double seconds, Rng rng)
        {
            lsp.Pass(seconds);
            reference.Pass(seconds);
            plus.Pass(Age, rng);
            minus.Pass(Age, rng);
            Refresh();
        }

        protected override void OnDue(Duty duty, Rng rng)
        {
            Spend(cell.Timing.Reading(Lines), rng.Split("reading"));
            if (Looks)
            {
                ref var before = ref State.Counter(TransferredAt);
                ref var pulsed = ref State.Counter(PulsedSince);
                if (Examples - before < cell.TransferEvery && pulsed < cell.Trigger.MostPulses * Fine * Weights.NumberOfElements
                    && !cell.Trigger.IsCrowded(lsp.Planes.Value, lsp.Planes.Min, lsp.Planes.Max))
                    return;
                (before, pulsed) = (Examples, 0);
            }
            var weights = ReadCells(rng.Split("read"));
            State.Counter(TransfersDone)++;
            Transfer(weights, rng);
        }

        /// <summary>Moves weights (S) into the more significant pair and corrects on the less significant one, at the polarity that is due now.</summary>
        private void Transfer(Tensor weights, Rng rng)
        {
            using var scope = NewDisposeScope();
            weights = weights.clone();
            ResetCapacitors(rng);
            // The mismatch of the read transistors at RESET is static, so the non-volatile pair takes it over.
            var mismatch = Read(lsp) - PerOutput(Read(reference));
            var share = weights - (float)cell.Offset.LeftToLsp(Sign) - mismatch * Sign;
            var (above, below) = cell.Offset.Leaves(Sign);
            var left = (share > (float)above).logical_and_(share < (float)below);
            var targets = where(left, zeros_like(share), share) / (float)cell.Gain;
            // What the other device of the pair keeps after RESET counts against the weight; left to g, it would leak away at every transfer.
            var writing = cell.Timing.Writing(Lines, cell.Writer.MostTries);
            var anticipated = cell.Anticipation.For(Trial, (0, cell.Memory.Range.Max), weights.device);
            var pulses = plus.Write(Asked(targets), Age + writing / 2, rng.Split("plus")) + minus.Write(Asked(-targets), Age + writing / 2, rng.Split("minus"));
            CountProgramming(pulses);
            Spend(writing, rng.Split("writing"));
            ResetCapacitors(rng);
            reference.Planes.Value.add_((float)(cell.Offset.ReferenceRaise / cell.Capacitor.Transconductance));
            Refresh();
            for (var round = 0; round < cell.CorrectionRounds; round++)
            {
                Correct(weights, rng.Split("correct").Split(round));
                Spend(cell.Timing.Correcting(Lines, cell.MaxCorrectionPulses), rng.Split("correcting").Split(round));
            }

            // What is asked of one device of every pair; nothing where the other one holds the weight.
            Tensor Asked(Tensor wanted) => where(wanted > 0, anticipated(wanted.clamp_min(0f)) + (float)cell.Writer.Residue, zeros_like(wanted));

            Tensor Trial(Tensor asked, double time) => cell.Memory.Age(asked, cell.Memory.DrawFate(asked, rng.Split("trial")), time);
        }

        private void ResetCapacitors(Rng rng)
        {
            lsp.Reset(rng.Split("lsp"));
            reference.Reset(rng.Split("reference"));
        }

        /// <summary>Sends g the pulses that make up for what a read of the weights shows to be missing, as if all cells stepped alike.</summary>
        private void Correct(Tensor weights, Rng rng)
        {
            using var scope = NewDisposeScope();
            var missing = weights - ReadCells(rng.Split("read"));
            var pulses = Counts((missing * (float)(Sign / cell.Capacitor.NominalStep)).round_(), cell.MaxCorrectionPulses);
            Program(lsp, Target, pulses, rng);
        }

        /// <summary>What a transfer reads of the weights (S).</summary>
        private Tensor ReadCells(Rng rng)
        {
            var siemens = Weights * (float)cell.SiemensPerWeight;
            var full = (float)(cell.Gain * cell.Memory.Range.Max);
            return cell.Reading.IsExact ? siemens : cell.Reading.ReadCells(siemens / full, rng) * full;
        }

        /// <summary>Reference cells, repeated for the outputs that share them.</summary>
        private Tensor PerOutput(Tensor references) =>
            references.shape[0] == 1 ? references : references.repeat_interleave(cell.OutputsPerReference, 0).narrow(0, 0, Weights.shape[0]);
    }
}
