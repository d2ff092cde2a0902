using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What torch's attention, and the layers and stacks around it, do not tell of themselves.</summary>
/// <remarks>
/// Found by running the module with weights that are put in for a moment, for each setting that it may have: only one computes what it computes.
/// Parameters,
/// training mode and torch's random numbers are as before when that is known, and it is asked once.
/// </remarks>
/// <param name="Heads">Number of heads.</param>
/// <param name="HasZeroKey">Whether a key and a value of zeros are put to the others.</param>
/// <param name="IsRectified">Whether the feed-forward layers rectify; otherwise they have a GELU between them.</param>
/// <param name="Dropout">Share of values that are dropped in training.</param>
internal sealed record AttentionSettings(long Heads, bool HasZeroKey, bool IsRectified, double Dropout)
{
    private const long Samples = 4096; // so many that some are kept, and some are not
    private const float Small = 1e-4f; // beside what layer norm adds to a variance, so that it does not saturate
    private const double Close = 1e-3; // of sums through several layers, relative to the largest value
    private static readonly ConditionalWeakTable<nn.Module, AttentionSettings> Known = [];

    /// <summary>The settings of a module.</summary>
    /// <exception cref="NotSupportedException">The module computes something that no setting computes.</exception>
    public static AttentionSettings Of(nn.Module module) => Known.GetValue(module, static module =>
    {
        var found = RecurrentProbe.Ask(module, training: false, () => Search(module));
        return found with { Dropout = DropoutOf(module) };
    });

    /// <summary>Runs a module by torch's own code.</summary>
    /// <param name="module">The module.</param>
    /// <param name="first">The query, or what goes into a stack.</param>
    /// <param name="second">The key, or what a decoder remembers.</param>
    /// <param name="third">The value.</param>
    internal static Tensor Torch(nn.Module module, Tensor first, Tensor second, Tensor third) => module switch
    {
        MultiheadAttention attention => attention.forward(first, second, third, null, true, null).Item1,
        TransformerEncoderLayer layer => layer.forward(first),
        TransformerDecoderLayer layer => layer.forward(first, second, null!, null!, null!, null!),
        TransformerEncoder stack => stack.forward(first, null!, null!),
        TransformerDecoder stack => stack.forward(first, second, null!, null!, null!, null!),
        Transformer whole => whole.forward(first, second),
        _ => throw new NotSupportedException($"{LayerKind.NameOf(module)} is no attention of torch's."),
    };

    private static AttentionSettings Search(nn.Module module)
    {
        foreach (var (name, parameter) in module.named_parameters())
        {
            var values = Noise.Uniform(Rng.FromSeed(0).Split(name), parameter.shape, parameter.device);
            parameter.copy_(parameter.dim() == 1 ? values.add_(0.5f)
                : values.sub_(0.5f).mul_((float)(3 / Math.Sqrt(parameter.shape[^1])))); // so that what passes keeps its size
        }
        var names = new AttentionNames(module);
        Tensor[] inputs = [Probe("first", 3, names.Width), Probe("second", 4, names.KeyWidth), Probe("third", 4, names.ValueWidth)];
        var expected = Torch(module, inputs[0], inputs[1], inputs[2]);
        var largest = expected.abs().max().item<float>();
        var (best, least) = ((AttentionSettings?)null, double.PositiveInfinity);
        foreach (var settings in Candidates(module, names.Width))
        {
            using var scope = NewDisposeScope();
            var math = new AttentionMath(module, settings, (name, x) => nn.functional.linear(x, names.Weight(name), names.Bias(name)));
            var off = (math.Run(inputs[0], inputs[1], inputs[2]) - expected).abs().max().item<float>();
            if (off < least)
                (best, least) = (settings, off);
        }
        return least <= Close * largest
            ? best!
            : throw new NotSupportedException($"{LayerKind.NameOf(module)} cannot be put on tiles: it computes something else than the attention of TorchSharp 0.107.0; use that version.");

        Tensor Probe(string name, long time, long width) =>
            Noise.Uniform(Rng.FromSeed(1).Split(name), [time, 1, width], names.Device).mul_(2f).sub_(1f);
    }

    private static IEnumerable<AttentionSettings> Candidates(nn.Module module, long width)
    {
        var isAttention = module is MultiheadAttention;
        for (var heads = 1L; heads <= width; heads++)
            if (width % heads == 0)
                foreach (var second in new[] { false, true })
                    yield return new(heads, isAttention && second, isAttention || second, 0);
    }

    /// <summary>The share of values that are dropped.</summary>
    /// <remarks>
    /// All weights are 0 but those on one way to the first output, on which dropout sets what passes to 0 or multiplies it by 1/(1 − p) each time:
    /// once in an
    /// attention, twice in a feed-forward layer. The largest answer of many gives p.
    /// </remarks>
    private static double DropoutOf(nn.Module module)
    {
        var (kept, passed) = (Answer(module, Samples, training: true), Answer(module, 1, training: false)[0]);
        if (kept.All(value => value == kept[0]))
            return kept[0] == 0 && passed != 0 ? 1 : 0; // everything is dropped, or nothing
        var target = kept.Max();
        var (low, high) = (1.0, 1e8);
        for (var round = 0; round < 60; round++)
        {
            var middle = Math.Sqrt(low * high);
            if (Answer(module, 1, training: false, (float)middle)[0] < target)
                low = middle;
            else
                high = middle;
        }
        return Math.Round(1 - 1 / (module is MultiheadAttention ? low : Math.Sqrt(low)), 4);
    }

    /// <summary>The first output of each sample, if what reaches it is multiplied by a factor.</summary>
    private static float[] Answer(nn.Module module, long samples, bool training, float factor = 1) => RecurrentProbe.Ask(module, training, () =>
    {
        var names = new AttentionNames(module);
        if (module is MultiheadAttention)
        {
            if (names.Find("in_proj_bias") is { } bias)
                bias[2 * names.Width] = 1f;
            else
                (names.Find("v_proj_weight") ?? names.Find("in_proj_weight")!.narrow(0, 2 * names.Width, names.Width))[0, 0] = 1f;
            names.Find("out_proj.weight")![0, 0] = factor;
        }
        else
        {
            names.Find($"{names.LastLayer}linear1.bias")![0] = 1f;
            names.Find($"{names.LastLayer}linear2.weight")![0, 0] = Small * factor;
            names.Find($"{names.LastLayer}norm{(names.Find($"{names.LastLayer}norm3.weight") is null ? 2 : 3)}.weight")!.fill_(names.FinalNorm is null
                ? 1f : Small);
            names.FinalNorm?.fill_(1f);
        }
        var (first, second) = (ones([1, samples, names.Width], device: names.Device), ones([1, samples, names.KeyWidth], device: names.Device));
        var y = Torch(module, first, second, ones([1, samples, names.ValueWidth], device: names.Device));
        return y.select(0, 0).select(1, 0).cpu().contiguous().data<float>().ToArray();
    });
}

/// <summary>The parameters of torch's attention, and of the layers and stacks around it, by their names in the module.</summary>
internal sealed class AttentionNames(nn.Module module)
{
    /// <summary>What the names of the first attention begin with.</summary>
    private string First => module switch
    {
        MultiheadAttention => "",
        TransformerEncoderLayer or TransformerDecoderLayer => "self_attn.",
        Transformer => Find("encoder.layers.0.self_attn.in_proj_weight") is null ? "decoder.layers.0.self_attn." : "encoder.layers.0.self_attn.",
        _ => "layers.0.self_attn.",
    };

    /// <summary>Width of the vectors that an attention gives.</summary>
    public long Width => Find($"{First}out_proj.weight")!.shape[0];

    /// <summary>Width of the keys, or of what a decoder remembers.</summary>
    public long KeyWidth => Find($"{First}k_proj_weight")?.shape[1] ?? Width;

    /// <summary>Width of the values.</summary>
    public long ValueWidth => Find($"{First}v_proj_weight")?.shape[1] ?? Width;

    /// <summary>Where the parameters are.</summary>
    public Device Device => Find($"{First}out_proj.weight")!.device;

    /// <summary>What the names of the last layer that runs begin with.</summary>
    public string LastLayer
    {
        get
        {
            if (module is TransformerEncoderLayer or TransformerDecoderLayer)
                return "";
            var stack = module is Transformer ? LayersOf("decoder.") > 0 ? "decoder." : "encoder." : "";
            return $"{stack}layers.{LayersOf(stack) - 1}.";
        }
    }

    /// <summary>The weights of the norm behind all layers; null for none.</summary>
    public Parameter? FinalNorm => Find(module is Transformer ? "decoder.norm.weight" : "norm.weight");

    /// <summary>Layers of a stack whose names begin with something.</summary>
    public int LayersOf(string stack) => Enumerable.Range(0, int.MaxValue).TakeWhile(layer =>
        Find($"{stack}layers.{layer}.linear1.weight") is not null).Count();

    /// <summary>A parameter by name; null for none.</summary>
    public Parameter? Find(string name) => module.has_parameter(name) ? module.get_parameter(name) : null;

    /// <summary>The weights of a matrix: torch calls those of a projection <c>q_proj_weight</c>, and those of a layer
    /// <c>linear1.weight</c>.</summary>
    public Parameter Weight(string matrix) => Find($"{matrix}.weight") ?? Find($"{matrix}_weight")!;

    /// <summary>The bias of a matrix; null if it has none of its own, as the three separate projections, which share one.</summary>
    public Parameter? Bias(string matrix) => Find($"{matrix}.bias") ?? Find($"{matrix}_bias");

    /// <summary>All matrices, in the order of the parameters.</summary>
    public IEnumerable<string> Matrices => module.named_parameters().Where(entry => entry.parameter.dim() == 2)
        .Select(entry => entry.name[..^"_weight".Length]); // behind a dot or an underscore
}
