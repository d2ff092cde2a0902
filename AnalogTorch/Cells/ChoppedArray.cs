using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>A fast and a slow array whose input lines are pulsed and read with signs that flip.</summary>
public abstract class ChoppedArray : TransferArray
{
    private const string SignsOf = "signs", FlipsOf = "flips";
    private readonly Chopper chopper;

    /// <summary>Manufactures both arrays, all signs positive.</summary>
    /// <param name="cell">What its cells are.</param>
    /// <param name="chopper">When signs flip.</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    protected ChoppedArray(TransferCell cell, Chopper chopper, Rng rng, Tensor weights) : base(cell, rng, weights)
    {
        this.chopper = chopper;
        State.Add(SignsOf, ones(1, weights.shape[1], device: weights.device));
        State.Add(FlipsOf, zeros(weights.shape[1], ScalarType.Int64));
    }

    /// <summary>Sign of a line.</summary>
    protected float Sign(long line) => Flips(line) % 2 == 0 ? 1 : -1;

    /// <summary>How often the sign of a line flipped.</summary>
    protected long Flips(long line) => State[FlipsOf][line].item<long>();

    /// <inheritdoc/>
    protected override TrainPair Directed(TrainPair trains)
    {
        using var scope = NewDisposeScope();
        // Bit 31 of a word is the sign; the lines of every group have those of the array.
        var words = nn.functional.pad(State[SignsOf].lt(0).to(ScalarType.Int32).mul_(int.MinValue), [0, trains.GroupStride - Lines]);
        return trains with { Inputs = trains.Inputs.bitwise_xor(words.repeat(1, trains.Groups)).MoveToOuterDisposeScope() };
    }

    /// <inheritdoc/>
    protected override TrainPair Directed(TrainPair trains, long line) =>
        Sign(line) > 0 ? trains : trains with { Outputs = trains.Outputs.bitwise_xor(tensor(int.MinValue, device: trains.Outputs.device)) };

    /// <inheritdoc/>
    protected override Tensor Directed(Tensor change) => change * State[SignsOf];

    /// <inheritdoc/>
    protected override void OnUpdate(TrainPair trains, Rng rng)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        base.OnUpdate(trains, rng);
    }

    /// <inheritdoc/>
    protected override void OnWrite(Tensor targets, Rng rng)
    {
        State[SignsOf].fill_(1);
        State[FlipsOf].zero_();
        base.OnWrite(targets, rng);
    }

    /// <inheritdoc/>
    protected override void After(long line, long read, Rng rng)
    {
        if (!chopper.FlipsAfter(read, rng.Split(line).Split(read)))
            return;
        State[FlipsOf][line].add_(1);
        State[SignsOf].narrow(1, line, 1).neg_();
        OnFlip(line);
    }

    /// <summary>What a flip does beside.</summary>
    protected virtual void OnFlip(long line)
    {
    }
}
