using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Several synapses side by side make a weight, of which each example pulses one, chosen for the whole array by one counter.</summary>
/// <remarks>
/// W = Σ_n G_n/ValuePerWeight, or Σ_n (G⁺_n − G⁻_n)/ValuePerWeight; the counter is advanced by <see cref="Increment"/> after each example, modulo
/// <see cref="Count"/>. Two more counters
/// let only every so many examples raise, or lower, weights. Boybat et al., Nature Communications 9:2514 (2018).
/// </remarks>
public sealed record MultiMemristive : UnitCell, ICrossChecked
{
    /// <summary>What each synapse is.</summary>
    public Synapse Synapse { get; init => field = NotNull(value); } = new BidirectionalSynapse();

    /// <summary>Number of synapses (N).</summary>
    [Unit("1")]
    public int Count { get; init => field = Within(value, 1, 64); } = 7;

    /// <summary>What the selection counter is advanced by after each example.</summary>
    [Unit("1")]
    public int Increment { get; init => field = Within(value, 1, 1_000_000); } = 1;

    /// <summary>Examples of which one may raise weights.</summary>
    [Unit("1")]
    public int RaiseEvery { get; init => field = Within(value, 1, 1_000_000); } = 1;

    /// <summary>Examples of which one may lower weights.</summary>
    [Unit("1")]
    public int LowerEvery { get; init => field = Within(value, 1, 1_000_000); } = 1;

    /// <summary>Value of all synapses together, in the device's own unit, that stands for a weight of 1.</summary>
    [Unit("1")]
    public double ValuePerWeight { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override double DevicesPerWeight => Count * (Synapse.IsPair || Synapse.Against is not ZeroReference ? 2 : 1);

    /// <inheritdoc/>
    public override double WeightStep => Synapse.Element.NominalStep / ValuePerWeight;

    /// <inheritdoc/>
    public override bool IsDirect => RaiseEvery == 1 && LowerEvery == 1;

    /// <inheritdoc/>
    public override PulsedDevice UpdatedDevice() => Synapse.Element;

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
            RuleDevices.MustGoBothWays(nameof(MultiMemristive), nameof(Synapse), Synapse.Element);
        RuleDevices.MustHaveSymmetryPoint(nameof(MultiMemristive), nameof(Synapse), Synapse.Element, Synapse.Against);
        if (Greatest(Increment, Count) > 1)
        {
            throw new ArgumentException($"MultiMemristive.Increment must have no divisor in common with Count, so that every synapse is chosen, but they are "
                + $"{Increment} and {Count}; take an Increment of 1.");
        }
    }

    private static int Greatest(int a, int b) => b == 0 ? a : Greatest(b, a % b);

    private sealed class Array(MultiMemristive cell, Rng rng, Tensor weights)
        : SynapseArray(cell, rng, weights, Schedule.Empty, new(cell.Synapse, cell.Count, cell.ValuePerWeight))
    {
        protected override void OnAdd(Tensor change, Rng rng) => Shift(Chosen(Examples), change);

        protected override void OnUpdate(TrainPair trains, Rng rng)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            for (var n = 0; n < Count; n++)
            {
                // The samples of one synapse in a row: what the others get changes nothing for it.
                var parts = Enumerable.Range(0, trains.Samples).Where(sample => Chosen(Examples + sample) == n).SelectMany(Parts).ToArray();
                if (parts.Length > 0)
                    Send(n, trains.Parts(parts), rng.Split(n));
            }
            Sum();
        }

        private int Chosen(long example) => (int)(example % cell.Count * cell.Increment % cell.Count);

        private IEnumerable<TrainPart> Parts(int sample)
        {
            var (raises, lowers) = ((Examples + sample) % cell.RaiseEvery == 0, (Examples + sample) % cell.LowerEvery == 0);
            if (raises && lowers)
                return [new(sample, 0, 0)];
            return raises ? [new(sample, 1, 1), new(sample, -1, -1)] : lowers ? [new(sample, 1, -1), new(sample, -1, 1)] : [];
        }
    }

    private sealed class OneCell(MultiMemristive cell, Func<PulsedDevice, IMeanElement> elements) : CellWitness
    {
        private readonly SynapseWitness[] synapses = [.. Enumerable.Range(0, cell.Count).Select(_ => new SynapseWitness(cell.Synapse, elements))];
        private long examples, counter;

        public override double Weight => synapses.Sum(synapse => synapse.Value) / cell.ValuePerWeight;

        public override IEnumerable<(string Name, double Value)> Observables => synapses.SelectMany((synapse, n) => synapse.Observables(n));

        public override void Write(double target)
        {
            foreach (var synapse in synapses)
                synapse.Write(target * cell.ValuePerWeight / cell.Count);
        }

        public override void Example(int pulses, TrainingRates rates)
        {
            if (pulses > 0 ? examples % cell.RaiseEvery == 0 : examples % cell.LowerEvery == 0)
                synapses[counter].Send(pulses);
            counter = (counter + cell.Increment) % cell.Count;
            if (++examples % cell.Synapse.Saturating.Interval == 0)
                foreach (var synapse in synapses)
                    synapse.Look();
        }
    }
}
