using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Residual learning version 2: the fast array is averaged digitally, and transferred only where the mean exceeds a step of the slow one.</summary>
/// <remarks>
/// The gradient is taken at W̄ = W + γP; H ← (1 − β)·H + β·P, and where |H| exceeds Δw_min of the slow devices they get n = round(λ·rate·H/δ_W)
/// pulses. Wu et al. (NeurIPS 2025),
/// with γ 0.4; version 1, which transfers P itself, is <see cref="TikiTaka"/> with a mixing above 0. The rounding by chance is chosen here.
/// </remarks>
public sealed record ResidualLearning : TransferCell
{
    /// <summary>A cell with the published mixing of 0.4.</summary>
    public ResidualLearning() => (Mixing, MostPulses) = (0.4, 31);

    /// <summary>What the fast devices are measured against (R_A).</summary>
    public Reference FastReference { get; init => field = NotNull(value); } = new SymmetryPointReference();

    /// <summary>Share of a read in the mean (β).</summary>
    [Unit("1")]
    public double Smoothing { get; init => field = Within(value, 1e-6, 1); } = 0.1;

    /// <summary>Weight that the slow array gains by a mean of 1, over the learning rate.</summary>
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

    private sealed class Array : TransferArray
    {
        private const string MeanOf = "mean";
        private readonly ResidualLearning cell;

        public Array(ResidualLearning cell, Rng rng, Tensor weights) : base(cell, rng, weights)
        {
            this.cell = cell;
            AddBuffer(MeanOf);
        }

        protected override int OperationsPerRead => 4; // two for the mean, compared, rounded

        protected override Tensor PulsesFor(long line, Tensor read, Rng rng)
        {
            var mean = Buffer(MeanOf, line);
            mean.mul_((float)(1 - cell.Smoothing)).add_(read, alpha: (float)cell.Smoothing);
            var pulses = cell.Rounding.Round(mean * (float)(Rates.Learning * cell.TransferRate / cell.SlowStep), rng);
            return pulses.mul_(mean.abs() > (float)cell.SlowStep);
        }
    }

    private sealed class OneCell(ResidualLearning cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : TransferWitness(cell, elements, place)
    {
        private double mean;

        protected override int PulsesFor(double read, TrainingRates rates)
        {
            mean += cell.Smoothing * (read - mean);
            var steps = mean * cell.ValuePerWeight / cell.Slow.NominalStep;
            return Math.Abs(steps) > 1 ? (int)cell.Rounding.Rounded(rates.Learning * cell.TransferRate * steps).Mean : 0;
        }
    }
}
