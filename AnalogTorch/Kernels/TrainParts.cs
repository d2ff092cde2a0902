using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>A sample of trains, or those of its coincidences that move weights one way.</summary>
/// <param name="Sample">Which sample.</param>
/// <param name="InputSign">Sign of the input words that remain; 0 for either.</param>
/// <param name="OutputSign">Sign of the output words that remain; 0 for either. Weights are raised where both signs are the same.</param>
public readonly record struct TrainPart(int Sample, int InputSign, int OutputSign);

/// <summary>What is made of pulse trains before they are sent.</summary>
public static class TrainParts
{
    private const int SlotsOfWord = 31;

    /// <summary>Trains of some samples, in the order of the parts, in the caller's dispose scope.</summary>
    /// <param name="trains">The trains.</param>
    /// <param name="parts">Which samples, and which words of them.</param>
    public static TrainPair Parts(this TrainPair trains, IReadOnlyList<TrainPart> parts)
    {
        using var scope = NewDisposeScope();
        var device = trains.Inputs.device;
        var samples = tensor(parts.Select(part => (long)part.Sample).ToArray(), device: device);
        var picked = trains with
        {
            Inputs = Pick(trains.Inputs, part => part.InputSign).MoveToOuterDisposeScope(),
            Outputs = Pick(trains.Outputs, part => part.OutputSign).MoveToOuterDisposeScope(),
            Samples = parts.Count,
        };
        return picked;

        Tensor Pick(Tensor words, Func<TrainPart, int> signOf)
        {
            var rows = words.index_select(0, samples);
            if (parts.All(part => signOf(part) == 0))
                return rows;
            var signs = tensor(parts.Select(signOf).ToArray(), device: device).unsqueeze(1);
            return rows.masked_fill_(signs.gt(0).logical_and(rows < 0).logical_or_(signs.lt(0).logical_and(rows >= 0)), 0);
        }
    }

    /// <summary>Trains of one input line alone, as an array of one output sees them whose inputs are the outputs: so a register holds many; in the caller's dispose scope.</summary>
    /// <param name="trains">The trains, of one group.</param>
    /// <param name="line">Which input line.</param>
    public static TrainPair Line(this TrainPair trains, long line)
    {
        using var scope = NewDisposeScope();
        var words = nn.functional.pad(trains.Inputs.narrow(0, 0, trains.Samples).narrow(1, line, 1), [0, Wide.MostLanes - 1]);
        return trains with
        {
            Inputs = trains.Outputs.narrow(0, 0, trains.Samples).MoveToOuterDisposeScope(),
            InputStride = trains.OutputStride,
            Outputs = words.MoveToOuterDisposeScope(),
            OutputStride = Wide.MostLanes,
        };
    }

    /// <summary>The trains without some input lines, in the caller's dispose scope.</summary>
    /// <param name="trains">The trains.</param>
    /// <param name="lines">Input lines of each group that get no pulses.</param>
    public static TrainPair Without(this TrainPair trains, IReadOnlyList<long> lines)
    {
        using var scope = NewDisposeScope();
        var all = tensor(Enumerable.Range(0, trains.Groups).SelectMany(group => lines.Select(line => (long)group * trains.GroupStride + line)).ToArray(), device: trains.Inputs.device);
        return trains with { Inputs = trains.Inputs.narrow(0, 0, trains.Samples).index_fill(1, all, 0).MoveToOuterDisposeScope() };
    }

    /// <summary>Coincidences of every weight, upward minus downward, in the caller's dispose scope [outputs, inputs].</summary>
    /// <param name="trains">The trains.</param>
    /// <param name="outputs">Number of outputs of all groups.</param>
    /// <param name="inputs">Number of inputs of each group.</param>
    public static Tensor Coincidences(this TrainPair trains, long outputs, long inputs)
    {
        using var scope = NewDisposeScope();
        var (x, d) = (Slots(trains.Inputs), Slots(trains.Outputs.narrow(1, 0, outputs)));
        if (trains.Groups == 1)
            return d.t().mm(x.narrow(1, 0, inputs)).MoveToOuterDisposeScope();
        var rows = x.shape[0];
        return d.view(rows, trains.Groups, -1).permute(1, 2, 0)
            .bmm(x.view(rows, trains.Groups, -1).narrow(2, 0, inputs).transpose(0, 1)).view(outputs, inputs).MoveToOuterDisposeScope();

        // One row a sample and slot: the sign of the line where it has a pulse, else 0.
        Tensor Slots(Tensor words)
        {
            var used = words.narrow(0, 0, trains.Samples);
            var places = ones(SlotsOfWord, ScalarType.Int32, words.device).bitwise_left_shift(arange(SlotsOfWord, ScalarType.Int32, words.device)).view(-1, 1, 1);
            var hits = used.unsqueeze(0).bitwise_and(places).ne(0).to(ScalarType.Float32);
            return hits.mul_(where(used < 0, -1f, 1f)).reshape(-1, words.shape[1]);
        }
    }
}
