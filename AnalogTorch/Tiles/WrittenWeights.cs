using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What became of weights when hardware took them over.</summary>
/// <param name="Count">Number of weights.</param>
/// <param name="ClippedShare">Share of weights that are larger than the hardware can hold.</param>
/// <param name="RmsError">Root mean square of what is off, over that of the weights themselves.</param>
public sealed record WrittenWeights(long Count, double ClippedShare, double RmsError)
{
    private const double Shortfall = 0.05;

    /// <summary>Whether so much is lost that the network is hardly the same: more than 1 % of the weights are clipped, or they are off by more than 10 %.</summary>
    public bool IsLossy => ClippedShare > 0.01 || RmsError > 0.1;

    /// <summary>Compares what was to be held with what is held.</summary>
    /// <param name="wanted">Weights.</param>
    /// <param name="held">The same as the hardware gives them.</param>
    /// <param name="step">Smallest change that the hardware can make; what is off by a few of them is not clipped.</param>
    internal static WrittenWeights Of(Tensor wanted, Tensor held, double step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        wanted = wanted.detach();
        if (wanted.NumberOfElements == 0)
            return new(0, 0, 0);
        var size = wanted.abs();
        var isClipped = (size - held.detach() * wanted.sign()) > (size * (float)Shortfall).clamp_min_((float)(3 * step));
        var error = (held.detach() - wanted).square().mean().sqrt().item<float>();
        var rms = wanted.square().mean().sqrt().item<float>();
        return new(wanted.NumberOfElements, isClipped.to_type(ScalarType.Float32).mean().item<float>(), rms > 0 ? error / rms : 0);
    }

    /// <summary>Two parts of one array together.</summary>
    internal WrittenWeights With(WrittenWeights other)
    {
        var count = Math.Max(Count + other.Count, 1);
        return new(Count + other.Count, (Count * ClippedShare + other.Count * other.ClippedShare) / count,
            Math.Sqrt((Count * RmsError * RmsError + other.Count * other.RmsError * other.RmsError) / count));
    }
}
