using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Tiki-Taka version 2: reads of the fast array gather in a digital buffer, and only whole pulses of it go to the slow one.</summary>
/// <remarks>
/// H[:,k] ← H[:,k] + λ_H·v, n = trunc(H) limited to <see cref="TransferCell.MostPulses"/>, C ← C + n pulses, H ← H − n, with λ_H =
/// λ·n_s·n_lines/(γ₀·δ_W·λ_A). Gokmen, Frontiers in
/// Artificial Intelligence 4:699148 (2021); the scale as in Rasch et al., Nature Communications 15:7133 (2024), where γ₀ is 500 to 1,000.
/// </remarks>
public sealed record BufferedTikiTaka : TransferCell
{
    /// <summary>What the fast devices are measured against (R_A).</summary>
    public Reference FastReference { get; init => field = NotNull(value); } = new SymmetryPointReference();

    /// <summary>Examples over which the buffer gathers a gradient (γ₀).</summary>
    [Unit("1")]
    public double Granularity { get; init => field = Positive(value); } = 1000;

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements, place);

    /// <inheritdoc/>
    public override Reference Against => FastReference;

    private sealed class Array : TransferArray
    {
        private const string Gathered = "buffer";
        private readonly BufferedTikiTaka cell;

        public Array(BufferedTikiTaka cell, Rng rng, Tensor weights) : base(cell, rng, weights)
        {
            this.cell = cell;
            AddBuffer(Gathered);
        }

        protected override int OperationsPerRead => 2; // added, compared: the scale is that of the converter, and what is whole is a part of the number

        protected override Tensor PulsesFor(long line, Tensor read, Rng rng)
        {
            var buffer = Buffer(Gathered, line);
            return TakeWhole(buffer.add_(read.mul_(BufferGain(cell.Granularity))));
        }
    }

    private sealed class OneCell(BufferedTikiTaka cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : TransferWitness(cell, elements, place)
    {
        private double gathered;

        protected override int PulsesFor(double read, TrainingRates rates)
        {
            gathered += rates.Learning * cell.TransferEvery * Lines / cell.Granularity / rates.Trains * read * cell.ValuePerWeight / cell.Slow.NominalStep;
            var whole = Math.Clamp((int)gathered, -cell.MostPulses, cell.MostPulses);
            gathered -= whole;
            return whole;
        }
    }
}
