using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Tiki-Taka, and with a mixing above 0 residual learning: what is read of the fast array is pulsed into the slow one, by chance where it is less than a pulse.</summary>
/// <remarks>
/// A ← A − λ_A·δxᵀ by pulses at W̄ = W + γA; every n_s examples C[:,k] ← C[:,k] + λ·β·(A − R)[:,k] by n = round(λ·β·v/δ_W) pulses. Gokmen and
/// Haensch, Frontiers in
/// Neuroscience 14:103 (2020), has γ 0; Wu et al. (NeurIPS 2024 and 2025) find that γ 0.1 and above gains most, and use 0.4.
/// </remarks>
public sealed record TikiTaka : TransferCell
{
    /// <summary>A cell with the published mixing of 0.</summary>
    public TikiTaka() => MostPulses = 31;

    /// <summary>What the fast devices are measured against (R_A).</summary>
    public Reference FastReference { get; init => field = NotNull(value); } = new SymmetryPointReference();

    /// <summary>Weight that the slow array gains by a read of 1, over the learning rate (β).</summary>
    [Unit("1")]
    public double TransferRate { get; init => field = Positive(value); } = 1;

    /// <summary>How numbers of pulses are rounded.</summary>
    public Rounding Rounding { get; init => field = NotNull(value); } = new StochasticRounding();

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements, place);

    /// <inheritdoc/>
    public override Reference Against => FastReference;

    private sealed class Array(TikiTaka cell, Rng rng, Tensor weights) : TransferArray(cell, rng, weights)
    {
        protected override int OperationsPerRead => 1; // rounded: the scale is that of the converter

        protected override Tensor PulsesFor(long line, Tensor read, Rng rng) =>
            cell.Rounding.Round(read.mul_((float)(Rates.Learning * cell.TransferRate / cell.SlowStep)), rng);
    }

    private sealed class OneCell(TikiTaka cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : TransferWitness(cell, elements, place)
    {
        protected override int PulsesFor(double read, TrainingRates rates) =>
            (int)cell.Rounding.Rounded(rates.Learning * cell.TransferRate * read * cell.ValuePerWeight / cell.Slow.NominalStep).Mean;
    }
}
