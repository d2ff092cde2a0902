using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Mixed precision: gradients gather in a digital matrix, and where it exceeds the step of the devices, they get as many blind pulses.</summary>
/// <remarks>
/// χ ← χ − λ·δxᵀ; every so many examples n = trunc(χ/ε) pulses, sent open loop, and χ ← χ − n·ε. Nandakumar et al., Frontiers in Neuroscience 14:406
/// (2020), on pairs of
/// phase-change devices. Take a <c>DigitalOuterProduct</c> for updates, or <c>ExactUpdate</c>; of pulse trains the coincidences are counted
/// digitally.
/// </remarks>
public sealed record MixedPrecision : UnitCell, ICrossChecked
{
    /// <summary>The devices of a weight.</summary>
    public Synapse Synapse { get; init => field = NotNull(value); } = new BidirectionalSynapse();

    /// <summary>Change that makes a pulse (ε), over the nominal step of the device.</summary>
    [Unit("1")]
    public double Granularity { get; init => field = Positive(value); } = 1;

    /// <summary>Examples between two transfers of the whole matrix; a batch with several is transferred once, after it.</summary>
    [Unit("1")]
    public int TransferEvery { get; init => field = Within(value, 1, int.MaxValue); } = 1;

    /// <summary>Most pulses that a transfer sends to a device.</summary>
    [Unit("1")]
    public int MostPulses { get; init => field = Within(value, 1, 1000); } = 31;

    /// <summary>Value of the devices, in their own unit, that stands for a weight of 1.</summary>
    [Unit("1")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override double DevicesPerWeight => Synapse.IsPair || Synapse.Against is not ZeroReference ? 2 : 1;

    /// <inheritdoc/>
    public override double WeightStep => Synapse.Element.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override bool IsDirect => false;

    /// <inheritdoc/>
    public override UnitCell Scaled(double factor) => this with { ValuePerWeight = ValuePerWeight / factor };

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements);

    /// <inheritdoc/>
    public void Check()
    {
        if (!Synapse.IsPair)
            RuleDevices.MustGoBothWays(nameof(MixedPrecision), nameof(Synapse), Synapse.Element);
        RuleDevices.MustHaveSymmetryPoint(nameof(MixedPrecision), nameof(Synapse), Synapse.Element, Synapse.Against);
    }

    private sealed class Array : SynapseArray
    {
        private const float Nearly = 1.00001f; // sums that come back to a whole pulse are a rounding away from it
        private const string Gathered = "gathered", TransfersDone = "transfers", Transfer = "transfer";
        private readonly MixedPrecision cell;

        public Array(MixedPrecision cell, Rng rng, Tensor weights)
            : base(cell, rng, weights, new() { Duties = [new(Transfer, cell.TransferEvery)] }, new(cell.Synapse, 1, cell.ValuePerWeight), TransfersDone)
        {
            this.cell = cell;
            State.Add(Gathered, zeros_like(weights)); // in pulses
        }

        /// <inheritdoc/>
        /// <remarks>The digital matrix is shown in the devices' own unit.</remarks>
        public override IEnumerable<(string Name, Tensor Values)> Observables =>
            base.Observables.Append(("χ", State[Gathered] * (float)(cell.Granularity * cell.Synapse.Element.NominalStep)));

        public override long Transfers => State.Counter(TransfersDone);

        // Multiplied and added for each example; compared at a transfer, which writes one line after another.
        public override RuleWork Work => new(
            0, Transfers * Weights.shape[1] * cell.MostPulses, 2L * sizeof(float) * Weights.NumberOfElements * (Examples + Transfers), Weights.NumberOfElements * (2 * Examples + Transfers));

        protected override void OnWrite(Tensor targets, Rng rng)
        {
            State[Gathered].zero_();
            base.OnWrite(targets, rng);
        }

        protected override void OnAdd(Tensor change, Rng rng) => State[Gathered].add_(change, alpha: (float)(1 / (cell.WeightStep * cell.Granularity)));

        protected override void OnUpdate(TrainPair trains, Rng rng)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            State[Gathered].add_(trains.Coincidences(Weights.shape[0], Weights.shape[1]), alpha: (float)(trains.Size / cell.Granularity));
        }

        protected override void OnDue(Duty duty, Rng rng)
        {
            if (duty.Name != Transfer)
            {
                base.OnDue(duty, rng);
                return;
            }
            if (Rates.Learning == 0)
                return;
            State.Counter(TransfersDone)++;
            var whole = State[Gathered].mul(Nearly).trunc_().clamp_(-cell.MostPulses, cell.MostPulses);
            State[Gathered].sub_(whole);
            Send(0, Counts(whole, cell.MostPulses), rng.Split("send"));
        }
    }

    private sealed class OneCell(MixedPrecision cell, Func<PulsedDevice, IMeanElement> elements) : CellWitness
    {
        private readonly SynapseWitness synapse = new(cell.Synapse, elements);
        private double gathered;
        private long examples;

        public override double Weight => synapse.Value / cell.ValuePerWeight;

        public override IEnumerable<(string Name, double Value)> Observables => synapse.Observables(0).Append(("χ", gathered));

        public override void Write(double target) => synapse.Write(target * cell.ValuePerWeight);

        public override void Example(int pulses, TrainingRates rates)
        {
            gathered += pulses * cell.Synapse.Element.NominalStep;
            examples++;
            if (examples % cell.TransferEvery == 0)
            {
                var epsilon = cell.Granularity * cell.Synapse.Element.NominalStep;
                var whole = Math.Clamp((int)(gathered / epsilon * 1.00001), -cell.MostPulses, cell.MostPulses);
                gathered -= whole * epsilon;
                synapse.Send(whole);
            }
            if (examples % cell.Synapse.Saturating.Interval == 0)
                synapse.Look();
        }
    }
}
