using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Where sequences of unequal length end that lie beside each other in one padded tensor.</summary>
internal sealed class SequenceLengths
{
    private readonly Tensor turned, last;

    /// <summary>Places of the sequences.</summary>
    /// <param name="lengths">Number of steps of each [samples].</param>
    /// <param name="steps">Steps of the longest.</param>
    /// <param name="device">Torch device of the sequences.</param>
    public SequenceLengths(Tensor lengths, long steps, Device device)
    {
        lengths = lengths.to(device);
        var time = arange(steps, ScalarType.Int64, device).unsqueeze(1);
        var isIn = time < lengths;
        turned = where(isIn, lengths - 1 - time, time);
        last = (lengths - 1).unsqueeze(0);
        Rows = [.. isIn.flatten().nonzero().squeeze(1).cpu().data<long>()];
    }

    /// <summary>Rows [time · samples] that belong to a sequence.</summary>
    public long[] Rows { get; }

    /// <summary>Each sequence from its end to its beginning; what is beyond stays where it is.</summary>
    /// <param name="x">[time, samples, values].</param>
    public Tensor Turn(Tensor x) => x.gather(0, turned.unsqueeze(2).expand(-1, -1, x.shape[2]));

    /// <summary>What belongs to the last step of each sequence.</summary>
    /// <param name="x">[time, samples, values].</param>
    /// <returns>[samples, values].</returns>
    public Tensor Last(Tensor x) => x.gather(0, last.unsqueeze(2).expand(-1, -1, x.shape[2])).squeeze(0);
}
