using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Two phase-change devices for the more significant part of a weight, a gated capacitor for the less significant one.</summary>
/// <remarks>
/// W = [F·(G⁺ − G⁻) + p·(g − g_ref)]/SiemensPerWeight: the 2T2R+3T1C unit cell of Ambrogio et al., Nature 558:60 (2018). Updates go
/// to g alone, open loop. After every <see cref="TransferEvery"/> examples the weight is read, written into G⁺ and G⁻ in closed loop,
/// g is RESET, the polarity p flips (US patents 11,074,499 and 11,915,132), and what the closed loop missed is corrected on g.
/// </remarks>
public sealed record MspLspCell : UnitCell
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

    /// <summary>Examples between two transfers.</summary>
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

    /// <summary>Time that one example takes, during which the capacitors leak.</summary>
    [Unit("s")]
    public double ExampleTime { get; init => field = NotNegative(value); } = 240 * Units.ns;

    /// <summary>Examples after which leakage is worked into the weights, and at every transfer; 1 works it in after each.</summary>
    [Unit("1")]
    public int LeakEvery { get; init => field = Within(value, 1, int.MaxValue); } = 20;

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

    private sealed class Array : CellArray
    {
        private const string Plus = "g_plus", Minus = "g_minus", Rest = "rest", TransfersDone = "transfers", LeakedUntil = "leaked_until";
        private readonly MspLspCell cell;
        private readonly DeviceArray lsp, reference;
        private PulseTarget? target;

        public Array(MspLspCell cell, Rng rng, Tensor weights) : base(rng, weights, TransfersDone, LeakedUntil)
        {
            this.cell = cell;
            var groups = (weights.shape[0] + cell.OutputsPerReference - 1) / cell.OutputsPerReference;
            lsp = new DeviceArray(cell.Capacitor, "lsp", State, rng, weights.shape, weights.device);
            reference = new DeviceArray(cell.Capacitor, "reference", State, rng, [groups, weights.shape[1]], weights.device);
            State.Add(Plus, zeros_like(weights));
            State.Add(Minus, zeros_like(weights));
            State.Add(Rest, zeros_like(weights));
        }

        public override IEnumerable<(string Name, Tensor Values)> Observables =>
            [("G⁺", State[Plus]), ("G⁻", State[Minus]), ("g", Conductance(lsp))];

        public override long Transfers => State.Counter(TransfersDone);

        public override double? MeanSiemensPerWeight
        {
            get
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                return cell.Gain * (State[Plus].mean().item<float>() + State[Minus].mean().item<float>()) + Conductance(lsp).mean().item<float>() + Conductance(reference).mean().item<float>();
            }
        }

        private int Sign => cell.Polarity.Sign(State.Counter(TransfersDone));

        public override void Refresh()
        {
            using var scope = NewDisposeScope();
            ReadRest();
            Run(lsp, Target(), (engine, target) => engine.Read(target, StepStream.Split("read")), PulsesSent);
        }

        protected override void OnWrite(Tensor targets, Rng rng) => Transfer(targets * (float)cell.SiemensPerWeight, rng);

        public override double WeightStep => cell.WeightStep;

        protected override void OnAdd(Tensor change)
        {
            var volts = change * (float)(Sign * cell.SiemensPerWeight / cell.Capacitor.Transconductance);
            lsp.Planes.Value.copy_(minimum(maximum(lsp.Planes.Value + volts, lsp.Planes.Min), lsp.Planes.Max));
            Refresh();
        }

        protected override void OnUpdate(TrainPair trains, Rng rng) =>
            Run(lsp, Target(), (engine, target) => engine.Update(target, trains, rng), PulsesSent);

        protected override long ExamplesUntilDue(long examples) =>
            Math.Min(cell.LeakEvery - examples % cell.LeakEvery, cell.TransferEvery - examples % cell.TransferEvery);

        protected override void OnExamples(long before, long after, Rng rng)
        {
            var leak = after / cell.LeakEvery != before / cell.LeakEvery;
            var transfer = after / cell.TransferEvery != before / cell.TransferEvery;
            if (!leak && !transfer)
                return;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var seconds = (after - State.Counter(LeakedUntil)) * cell.ExampleTime;
            State.Counter(LeakedUntil) = after;
            cell.Capacitor.Leakage.Pass(lsp.Planes.Value, seconds);
            cell.Capacitor.Leakage.Pass(reference.Planes.Value, seconds);
            Refresh();
            if (!transfer)
                return;
            State.Counter(TransfersDone)++;
            Transfer(Weights * (float)cell.SiemensPerWeight, rng);
        }

        protected override void OnRebind()
        {
            target = null;
            lsp.Moved();
            reference.Moved();
        }

        /// <summary>Moves weights (S) into the more significant pair and corrects on the less significant one, at the polarity that is due now.</summary>
        private void Transfer(Tensor weights, Rng rng)
        {
            using var scope = NewDisposeScope();
            weights = weights.clone();
            lsp.Reset(rng.Split("lsp"));
            reference.Reset(rng.Split("reference"));
            // The mismatch of the read transistors at RESET is static, so the non-volatile pair takes it over.
            var mismatch = Conductance(lsp) - PerOutput(Conductance(reference));
            cell.Offset.Raise(reference.Planes.Value, cell.Capacitor);
            var offset = (float)cell.Offset.LeftToLsp(Sign);
            var share = weights - offset - mismatch * Sign;
            var left = cell.Offset.Leaves(share, Sign);
            var targets = where(left, zeros_like(share), share) / (float)cell.Gain;
            // What the other device of the pair keeps after RESET counts against the weight; left to g, it would leak away at every transfer.
            var (plus, plusPulses) = cell.Writer.Write(Above(targets), rng.Split("plus"));
            var (minus, minusPulses) = cell.Writer.Write(Above(-targets), rng.Split("minus"));
            State[Plus].copy_(plus);
            State[Minus].copy_(minus);
            State.Counter(ProgrammingPulsesSent) += plusPulses + minusPulses;
            Refresh();
            for (var round = 0; round < cell.CorrectionRounds; round++)
                Correct(weights, rng.Split("correct").Split(round));
        }

        private Tensor Above(Tensor targets) => where(targets > 0, targets + (float)cell.Writer.Residue, zeros_like(targets));

        /// <summary>Sends g the pulses that make up for what a read of the weights shows to be missing, as if all cells stepped alike.</summary>
        private void Correct(Tensor weights, Rng rng)
        {
            using var scope = NewDisposeScope();
            var missing = weights - Weights * (float)cell.SiemensPerWeight;
            var pulses = (missing * (float)(Sign / cell.Capacitor.NominalStep)).round_()
                .clamp_(-cell.MaxCorrectionPulses, cell.MaxCorrectionPulses).to(ScalarType.Int32);
            Run(lsp, Target(), (engine, target) => engine.Pulse(target, pulses, rng), ProgrammingPulsesSent);
        }

        /// <summary>Works out what the weight consists of beside g.</summary>
        private void ReadRest()
        {
            State[Rest].copy_(State[Plus]).sub_(State[Minus]).mul_((float)cell.Gain).add_(PerOutput(Conductance(reference)), alpha: -Sign);
        }

        /// <summary>Reference cells, repeated for the outputs that share them.</summary>
        private Tensor PerOutput(Tensor references) =>
            references.shape[0] == 1 ? references : references.repeat_interleave(cell.OutputsPerReference, 0).narrow(0, 0, Weights.shape[0]);

        private Tensor Conductance(DeviceArray array) =>
            (array.Planes.Value - array.Planes.Offset).clamp_min_(0f).mul_((float)cell.Capacitor.Transconductance);

        private PulseTarget Target()
        {
            target ??= new PulseTarget
            {
                Planes = lsp.Planes,
                Weights = Weights,
                Other = State[Rest],
                OtherGain = (float)(1 / cell.SiemensPerWeight),
            };
            target.Gain = (float)(Sign / cell.SiemensPerWeight);
            target.Inverted = Sign < 0;
            return target;
        }
    }
}
