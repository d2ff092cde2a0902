using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Chopped Tiki-Taka version 2: lines of the fast array are pulsed and read with signs that flip, so that what references are off cancels.</summary>
/// <remarks>
/// A takes c_k·x, H[:,k] ← H[:,k] + λ_H·c_k·(A − R)[:,k], and whole pulses of H go to C as in <see cref="BufferedTikiTaka"/>; c_k flips with
/// probability ρ after a read of
/// line k. Rasch, Carta, Fagbohungbe, Gokmen, Nature Communications 15:7133 (2024).
/// </remarks>
public sealed record ChoppedTikiTaka : TransferCell
{
    /// <summary>What the fast devices are measured against (R_A).</summary>
    public Reference FastReference { get; init => field = NotNull(value); } = new SymmetryPointReference();

    /// <summary>Examples over which the buffer gathers a gradient (γ₀).</summary>
    [Unit("1")]
    public double Granularity { get; init => field = Positive(value); } = 1000;

    /// <summary>When signs flip.</summary>
    public Chopper Chopper { get; init => field = NotNull(value); } = new RandomChopper();

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements, place);

    /// <inheritdoc/>
    public override Reference Against => FastReference;

    private sealed class Array : ChoppedArray
    {
        private const string Gathered = "buffer";
        private readonly ChoppedTikiTaka cell;

        public Array(ChoppedTikiTaka cell, Rng rng, Tensor weights) : base(cell, cell.Chopper, rng, weights)
        {
            this.cell = cell;
            AddBuffer(Gathered);
        }

        protected override int OperationsPerRead => 2; // added, compared: scale and sign are those of the converter

        protected override Tensor PulsesFor(long line, Tensor read, Rng rng) =>
            TakeWhole(Buffer(Gathered, line).add_(read.mul_(Sign(line) * BufferGain(cell.Granularity))));
    }

    private sealed class OneCell(ChoppedTikiTaka cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : TransferWitness(cell, elements, place)
    {
        private double gathered;

        protected override int PulsesFor(double read, TrainingRates rates)
        {
            gathered += Chop * read * cell.ValuePerWeight / cell.Slow.NominalStep * rates.Learning / rates.Trains * (cell.TransferEvery * Lines / cell.Granularity);
            var whole = Math.Clamp((int)gathered, -cell.MostPulses, cell.MostPulses);
            gathered -= whole;
            return whole;
        }

        protected override void After(long read)
        {
            if (cell.Chopper is RegularChopper regular && (read + 1) % regular.Reads == 0)
                Chop = -Chop;
        }
    }
}
