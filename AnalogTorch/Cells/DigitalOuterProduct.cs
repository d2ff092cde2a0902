using AnalogTorch.Core;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>The outer product of errors and inputs, taken digitally from a few levels of either, for cells that gather gradients in digital.</summary>
/// <remarks>
/// Each line of a sample becomes one of the levels −n…n of its largest value, and ΔW = −rate·δ̂ᵀx̂, so that a multiplier of few bits does: the binned
/// inputs and errors of
/// mixed precision (Nandakumar et al., Frontiers in Neuroscience 14:406, 2020; the numbers of bins and the rounding as in IBM aihwkit, where it is by
/// chance).
/// </remarks>
public sealed record DigitalOuterProduct : UpdateScheme
{
    private const float Least = 1e-38f; // a sample that is all 0

    /// <summary>Levels of an input on either side of 0.</summary>
    [Unit("1")]
    public int InputLevels { get; init => field = Within(value, 1, 1_000_000); } = 127;

    /// <summary>Levels of an error on either side of 0.</summary>
    [Unit("1")]
    public int ErrorLevels { get; init => field = Within(value, 1, 1_000_000); } = 127;

    /// <summary>How values are rounded to levels.</summary>
    public Rounding Rounding { get; init => field = NotNull(value); } = new StochasticRounding();

    /// <inheritdoc/>
    public override void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias)
    {
        using var scope = NewDisposeScope();
        new ExactUpdate().Apply(OnLevels(x, InputLevels, rng.Split("x")), OnLevels(delta, ErrorLevels, rng.Split("delta")), rate, rng, trains, weights, bias);
    }

    private Tensor OnLevels(Tensor values, int levels, Rng rng)
    {
        var step = values.abs().amax([1L], keepdim: true).div_(levels).clamp_min_(Least);
        return Rounding.Round(values / step, rng).clamp_(-levels, levels).mul_(step);
    }
}
