using AnalogTorch.Core;
using AnalogTorch.Devices;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Analog gradient accumulation with dynamic reference: lines of the fast array are read against the mean of what they showed before their sign flipped.</summary>
/// <remarks>
/// z = c_k·(A v_k − p_ref), H[:,k] ← H[:,k] + λ_H·z, whole pulses of H go to C as in <see cref="BufferedTikiTaka"/>; p ← (1 − β)·p + β·A v_k with β =
/// min(tail·1/period, 1), and
/// p_ref ← p when c_k flips. Nothing is transferred before the first flip. No reference device is needed. Rasch, Carta, Fagbohungbe, Gokmen, Nature
/// Communications 15:7133
/// (2024); tail 5 and a regular period of 10 reads are the defaults of IBM aihwkit.
/// </remarks>
public sealed record Agad : TransferCell
{
    /// <summary>Examples over which the buffer gathers a gradient (γ₀).</summary>
    [Unit("1")]
    public double Granularity { get; init => field = Positive(value); } = 1000;

    /// <summary>When signs flip, and references are renewed.</summary>
    public Chopper Chopper { get; init => field = NotNull(value); } = new RegularChopper();

    /// <summary>Reads that a period's mean weights most, as a factor on 1/period (tail).</summary>
    [Unit("1")]
    public double Tail { get; init => field = Positive(value); } = 5;

    /// <inheritdoc/>
    public override CellArray Build(Rng rng, Tensor weights) => new Array(this, rng, weights);

    /// <inheritdoc/>
    public override CellWitness Witness(Func<PulsedDevice, IMeanElement> elements, CellPlace place) => new OneCell(this, elements, place);

    /// <inheritdoc/>
    public override Reference Against => new ZeroReference();

    private double Share => Math.Min(Tail / Chopper.Period, 1);

    private sealed class Array : ChoppedArray
    {
        private const string Gathered = "buffer", MeanOf = "mean", PastOf = "past";
        private readonly Agad cell;

        public Array(Agad cell, Rng rng, Tensor weights) : base(cell, cell.Chopper, rng, weights)
        {
            this.cell = cell;
            AddBuffer(Gathered);
            AddBuffer(MeanOf);
            AddBuffer(PastOf);
        }

        protected override int OperationsPerRead => 6; // the difference, its sign, and two for the mean, beside those of the buffer

        protected override Tensor? PulsesFor(long line, Tensor read, Rng rng)
        {
            var counts = Flips(line) == 0
                ? null
                : TakeWhole(Buffer(Gathered, line).add_((read - Buffer(PastOf, line)).mul_(Sign(line) * BufferGain(cell.Granularity))));
            Buffer(MeanOf, line).lerp_(read, (float)cell.Share);
            return counts;
        }

        protected override void OnFlip(long line) => Buffer(PastOf, line).copy_(Buffer(MeanOf, line));
    }

    private sealed class OneCell(Agad cell, Func<PulsedDevice, IMeanElement> elements, CellPlace place) : TransferWitness(cell, elements, place)
    {
        private double gathered, mean, past;
        private bool hasFlipped;

        protected override int PulsesFor(double read, TrainingRates rates)
        {
            var beta = Math.Min(cell.Tail / cell.Chopper.Period, 1);
            var whole = 0;
            if (hasFlipped)
            {
                gathered += Chop * (read - past) * cell.ValuePerWeight / cell.Slow.NominalStep * rates.Learning / rates.Trains * (cell.TransferEvery * Lines / cell.Granularity);
                whole = Math.Clamp((int)gathered, -cell.MostPulses, cell.MostPulses);
                gathered -= whole;
            }
            mean = (1 - beta) * mean + beta * read;
            return whole;
        }

        protected override void After(long read)
        {
            if (cell.Chopper is not RegularChopper regular || (read + 1) % regular.Reads != 0)
                return;
            (Chop, past, hasFlipped) = (-Chop, mean, true);
        }
    }
}
