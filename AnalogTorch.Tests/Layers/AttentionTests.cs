using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Torch's attention and transformers on tiles: what torch does not tell of them, masks, costs, and code that goes round them.</summary>
public class AttentionTests
{
    private static readonly HardwareAwareConfig Ideal = new();

    private static Tensor Input(params long[] shape) => Noise.Uniform(Rng.FromSeed(1).Split("x"), shape).mul_(2f).sub_(1f);

    /// <summary>Dropout on tiles is torch's own, number by number, since what a module does not tell is found out.</summary>
    [Theory]
    [InlineData("attention", 0.3)]
    [InlineData("encoder layer", 0.1)]
    [InlineData("decoder", 0.5)]
    [InlineData("transformer", 0.25)]
    public void InTrainingTheSameNumbersAreDropped(string kind, double dropout)
    {
        using var scope = NewDisposeScope();
        using Module module = kind switch
        {
            "attention" => MultiheadAttention(12, 3, dropout),
            "encoder layer" => TransformerEncoderLayer(12, 4, 10, dropout, Activations.GELU),
            "decoder" => TransformerDecoder(TransformerDecoderLayer(12, 2, 10, dropout), 2),
            _ => Transformer(12, 6, 1, 1, 10, dropout),
        };
        var (x, y) = (Input(5, 2, 12), Input(4, 2, 12).cos());
        var before = module.parameters().Select(parameter => parameter.clone()).ToArray();
        var random = get_rng_state().clone();
        module.ToAnalog(Ideal);
        Assert.True(random.Equals(get_rng_state()), "Finding out must not touch torch's random numbers.");
        Assert.All(module.parameters().Zip(before), pair => Assert.True(pair.First.Equals(pair.Second)));
        module.train();
        manual_seed(7);
        var analog = Run();
        Assert.False(analog.allclose(Run(), 1e-3, 1e-3), "There is dropout.");
        module.ToDigital();
        manual_seed(7);
        Assert.True((analog - Run()).abs().max().item<float>() < 1e-5);

        Tensor Run() => module switch
        {
            MultiheadAttention attention => attention.call(x, y, y).Item1,
            TransformerEncoderLayer layer => layer.call(x),
            TransformerDecoder stack => stack.call(x, y),
            _ => ((Transformer)module).call(x, y, null!),
        };
    }

    [Fact]
    public void TheReportSaysWhatIsDigital()
    {
        using var layer = TransformerEncoderLayer(8, 2, 12);
        var report = layer.PlanAnalog(Ideal);
        Assert.Equal([.. new[] { "self_attn.in_proj", "self_attn.out_proj", "linear1", "linear2" }.Select(name => $"TransformerEncoderLayer.{name}")], report.Rows.Where(row => row.IsAnalog).Select(row =>
            row.Name));
        Assert.Contains("scores and softmax are digital", report.Rows[0].Note, StringComparison.Ordinal);
        using var across = MultiheadAttention(8, 2, kdim: 5, vdim: 5);
        Assert.Contains("its bias is digital", across.PlanAnalog(Ideal).Rows[0].Note, StringComparison.Ordinal);
        using var uneven = MultiheadAttention(8, 2, kdim: 5, vdim: 4);
        Assert.Contains("kdim is 5 and vdim 4", Assert.Throws<ArgumentException>(() => uneven.ToAnalog(Ideal)).Message, StringComparison.Ordinal);
    }

    /// <summary>Scores, what they mix, softmax, sums, norms and the activation, counted by hand.</summary>
    [Fact]
    public void DigitalWorkIsCounted()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var layer = TransformerEncoderLayer(8, 2, 12, dropout: 0);
        layer.eval();
        var census = layer.TakeCensus(2, () => layer.call(Input(5, 2, 8)));
        var beside = census.Layers.Single(row => row.Name == "TransformerEncoderLayer.digital");
        Assert.Equal(2 * 10 * 5 * 8, beside.DigitalMultiplyAccumulates);
        Assert.Equal(10 * 5 * 2 + 2 * 2 * 10 * 8, beside.DigitalElements);
        Assert.Equal(10 * 12, beside.Activations);
        Assert.Equal([10L, 10, 10, 10], census.Layers.Where(row => row.IsArray).Select(row => row.Reads));
        Assert.Empty(census.NotCounted);
        // On tiles it is the same, and costs go by what drives the lines.
        layer.ToAnalog(PcmPresets.HardwareAware);
        Assert.Equal(beside.DigitalMultiplyAccumulates, layer.TakeCensus(2, () => layer.call(Input(5, 2, 8))).Layers.Sum(row =>
            row.DigitalMultiplyAccumulates));
        using var attention = MultiheadAttention(8, 2);
        var (x, y) = (Input(5, 2, 8), Input(3, 2, 8));
        Assert.Equal([16L, 10], attention.TakeCensus(2, () => attention.call(x, y, y)).Layers.Where(row => row.IsArray).Select(row => row.Reads));
    }

    [Fact]
    public void WrongInputsAreRefusedInASentence()
    {
        using var scope = NewDisposeScope();
        using var attention = MultiheadAttention(8, 2);
        attention.ToAnalog(Ideal);
        var x = Input(5, 2, 8);
        Assert.Contains("the query must be [positions, samples, 8]", Say(() => attention.call(Input(5, 2, 7), x, x)));
        Assert.Contains("the mask must be [5, 5]", Say(() => attention.call(x, x, x, attn_mask: zeros(4, 5))));
        Assert.Contains("the padding mask must be Bool [2, 5]", Say(() => attention.call(x, x, x, zeros(2, 5))));
        Assert.Contains("the value must be of 3 positions", Say(() => attention.call(x, Input(3, 2, 8), x)));
        Assert.Equal([5L, 2, 8], attention.call(x, x, x).Item1.shape);

        static string Say(Action action) => Assert.Throws<ArgumentException>(action).Message;
    }

    [Fact]
    public void CodeThatGoesRoundTheTilesIsFound()
    {
        using var scope = NewDisposeScope();
        using var model = new Unled();
        model.ToAnalog(Ideal);
        Assert.Contains("runs a layer with masks", Assert.Throws<InvalidOperationException>(() => model.call(Input(5, 2, 8))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AProgrammedTransformerDriftsAndIsRecalibrated()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var stack = TransformerEncoder(TransformerEncoderLayer(16, 4, 24, dropout: 0), 3);
        stack.eval();
        var x = Input(20, 8, 16);
        var digital = stack.call(x);
        using var chip = stack.Program(PcmPresets.Inference with { Compensation = new NoCompensation() }, seed: 3);
        var fresh = Off();
        chip.DriftTo(Units.Year);
        var old = Off();
        chip.RecalibrateOutputs([x], (model, batch) => model.call(batch), RecalibrationOrder.Together);
        Assert.True(fresh < old && Off() < 0.5 * old, $"{fresh}, {old} and {Off()} off");

        double Off() => (stack.call(x) - digital).square().mean().sqrt().item<float>();
    }

    [NotLedToTiles]
    private sealed class Unled : Module<Tensor, Tensor>
    {
        private readonly TransformerEncoderLayer layer = TransformerEncoderLayer(8, 2, 12, dropout: 0);

        public Unled() : base(nameof(Unled)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layer.call(input, null!);
    }
}
