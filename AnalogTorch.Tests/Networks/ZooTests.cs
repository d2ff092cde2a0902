using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Presets;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

public class ZooTests
{
    /// <summary>Numbers of weights as torchvision's documentation states them; those of the ResNets for CIFAR are the published files'.</summary>
    [Theory]
    [InlineData("alexnet", 61_100_840, "features.0.weight", "classifier.6.bias")]
    [InlineData("vgg11", 132_863_336, "features.0.weight", "classifier.6.bias")]
    [InlineData("vgg11_bn", 132_868_840, "features.0.weight", "classifier.6.bias")]
    [InlineData("resnet18", 11_689_512, "conv1.weight", "fc.bias")]
    [InlineData("resnet34", 21_797_672, "conv1.weight", "fc.bias")]
    [InlineData("resnet50", 25_557_032, "conv1.weight", "fc.bias")]
    [InlineData("squeezenet1_0", 1_248_424, "features.0.weight", "classifier.1.bias")]
    [InlineData("squeezenet1_1", 1_235_496, "features.0.weight", "classifier.1.bias")]
    [InlineData("inception_v3", 23_834_568, "Conv2d_1a_3x3.conv.weight", "fc.bias")]
    [InlineData("mobilenet_v2", 3_504_872, "features.0.0.weight", "classifier.1.bias")]
    [InlineData("mobilenet_v2_tf", 3_504_872, "features.0.0.weight", "classifier.1.bias")]
    [InlineData("resnet20_cifar", 269_722, "conv1.weight", "linear.bias")]
    [InlineData("resnet32_cifar", 464_154, "conv1.weight", "linear.bias")]
    public void WeightsAreAsManyAsPublished(string name, long expected, string first, string last)
    {
        using var network = Zoo.Create(name);
        var names = network.named_parameters().Select(named => named.name).ToArray();
        Assert.Equal(expected, network.parameters().Sum(parameter => parameter.numel()));
        Assert.Equal(first, names[0]);
        Assert.Equal(last, names[^1]);
    }

    [Fact]
    public void InceptionHasFeaturesAndAnAuxiliaryClassifier()
    {
        using var scope = NewDisposeScope();
        using var network = new InceptionV3(classes: 1000, auxiliary: true);
        using var without = new InceptionV3(classes: 2);
        Assert.Equal(27_161_264, network.parameters().Sum(parameter => parameter.numel()));
        AssertHas(
            network,
            ["Mixed_5b.branch_pool.conv.weight", "Mixed_6e.branch7x7dbl_5.bn.running_var", "AuxLogits.conv1.conv.weight", "AuxLogits.fc.bias", "Mixed_7c.branch3x3dbl_3b.conv.weight"]);
        network.eval();
        var images = zeros(1, 3, 299, 299);
        var (scores, auxiliary) = network.WithAuxiliary(images);
        Assert.Equal([1L, 1000], auxiliary.shape);
        Assert.True(scores.Equals(network.call(images)));
        Assert.Equal([1L, 2048, 8, 8], network.FeatureMaps(images).shape);
        Assert.Contains("auxiliary: false", Assert.Throws<ArgumentException>(() => new InceptionV3(classes: 0, auxiliary: true)).Message);
        Assert.Contains("auxiliary: true", Assert.Throws<InvalidOperationException>(() => without.WithAuxiliary(images)).Message);
    }

    [Fact]
    public void NamesInsideBlocksAreTorchvisions()
    {
        using var resnet = Zoo.Create("resnet50", classes: 3);
        using var squeeze = Zoo.Create("squeezenet1_1", classes: 3);
        using var mobile = Zoo.Create("mobilenet_v2", classes: 3);
        AssertHas(
            resnet,
            ["layer1.0.downsample.0.weight", "layer1.0.downsample.1.running_var", "layer1.0.conv3.weight", "layer4.2.bn3.num_batches_tracked"]);
        AssertHas(squeeze, ["features.3.squeeze.weight", "features.12.expand1x1.bias", "features.12.expand3x3.weight"]);
        AssertHas(mobile, ["features.1.conv.0.1.running_mean", "features.1.conv.1.weight", "features.17.conv.3.bias", "features.18.1.weight"]);
    }

    [Fact]
    public void RecurrentNamesArePyTorchs()
    {
        using var words = new WordLstm(50, 8, 8, tied: true);
        string[] expected =
        [
            "encoder.weight", "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
            "rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1", "rnn.bias_hh_l1", "decoder.weight", "decoder.bias",
        ];
        Assert.Equal(expected.Order(), words.state_dict().Keys.Order());
        using var tagger = new LstmTagger(50, 4);
        Assert.Contains("lstm.weight_ih_l1_reverse", tagger.state_dict().Keys);
        Assert.Contains("hidden2tag.weight", tagger.state_dict().Keys);
        using var translator = new Seq2Seq(20, 30, 8);
        AssertHas(translator, ["encoder.gru.weight_ih_l0", "decoder.attention.Wa.weight", "decoder.attention.Va.bias", "decoder.out.weight"]);
    }

    [Fact]
    public void TiedWeightsAreOneParameter()
    {
        using var scope = NewDisposeScope();
        using var network = new WordLstm(50, 8, 8, dropout: 0, tied: true);
        using var untied = new WordLstm(50, 8, 8);
        Assert.Equal(400, untied.parameters().Sum(parameter => parameter.numel()) - network.parameters().Sum(parameter => parameter.numel()));
        Assert.DoesNotContain("decoder.weight", network.named_parameters().Select(named => named.name));

        Step();
        network.to(ScalarType.Float64);
        Step();

        void Step()
        {
            var before = network.get_parameter("encoder.weight")!.detach().clone();
            using var optimizer = optim.SGD(network.parameters(), 0.1);
            optimizer.zero_grad();
            network.call(ones(3, 2, ScalarType.Int64)).square().mean().backward();
            optimizer.step();
            var state = network.state_dict();
            Assert.True(state["encoder.weight"].Equals(state["decoder.weight"]));
            // One step, not one for each name.
            var gradient = network.get_parameter("encoder.weight")!.grad!;
            Assert.True(before.sub(gradient.mul(0.1)).allclose(state["decoder.weight"], 1e-5, 1e-7));
            Assert.True(gradient.count_nonzero().item<long>() > 8, "The shared weight must have the gradient of the last layer too.");
        }
    }

    /// <summary>Start values have the deviations of torchvision's rules; n is some ten thousand, so 5 % is more than 5 σ.</summary>
    [Theory]
    [InlineData("resnet18", "layer2.0.conv1.weight", 0.0416667)] // √(2/(128·9))
    [InlineData("resnet18", "fc.weight", 0.0255155)] // 1/√(3·512)
    [InlineData("mobilenet_v2", "classifier.1.weight", 0.01)]
    [InlineData("squeezenet1_1", "features.12.expand3x3.weight", 0.0589256)] // √(6/(64·9))/√3
    [InlineData("squeezenet1_1", "classifier.1.weight", 0.01)]
    [InlineData("resnet20_cifar", "layer3.1.conv1.weight", 0.0589256)] // √(2/(64·9))
    [InlineData("tiny_darknet", "conv14.weight", 0.0589256)]
    [InlineData("word_lstm", "decoder.weight", 0.0577350)] // 0.1/√3
    [InlineData("word_lstm", "rnn.weight_ih_l0", 0.0408248)] // 1/√(3·200)
    [InlineData("char_lstm", "embedding.weight", 1)]
    public void StartValuesHaveTheDeviationOfTheirRule(string name, string parameter, double expected)
    {
        using var scope = NewDisposeScope();
        using var network = Zoo.Create(name);
        var values = network.get_parameter(parameter)!;
        Assert.Equal(expected, values.std().item<float>(), 0.05 * expected);
        Assert.Equal(0, values.mean().item<float>(), 5 * expected / Math.Sqrt(values.numel()));
    }

    [Fact]
    public void SegmentsAfterEachOtherAreOneText()
    {
        using var scope = NewDisposeScope();
        using var network = new CharLstm(vocabulary: 11, hidden: 16);
        var tokens = new TokenInput(11, 12).Example(3, Rng.FromSeed(1));
        var whole = network.call(tokens);
        var (first, state) = network.Continue(tokens.narrow(0, 0, 5));
        var (second, _) = network.Continue(tokens.narrow(0, 5, 7), state.Detach());
        Assert.True(cat([first, second]).allclose(whole, 0, 1e-6));
    }

    [Fact]
    public void WhatTheTranslatorWritesIsWhatItScoresHighest()
    {
        using var scope = NewDisposeScope();
        using var network = new Seq2Seq(20, 30, 16);
        network.eval();
        var source = new TokenInput(20, 7, BatchFirst: true).Example(3, Rng.FromSeed(1));
        var written = network.Write(source, 5);
        Assert.Equal([3L, 5], written.shape);
        Assert.True(network.call(source, written).argmax(-1).Equals(written));
    }

    [Fact]
    public void TransformerBlockComputesWhatTorchsLayerComputes()
    {
        using var scope = NewDisposeScope();
        using var network = new TransformerEncoderBlock(width: 12, heads: 3, feedForward: 20);
        using var layer = TransformerEncoderLayer(12, 3, 20);
        network.eval();
        layer.eval();
        using (no_grad())
        {
            foreach (var (name, parameter) in layer.named_parameters())
            {
                // Other than start values, so that no norm is the identity and no bias zero.
                parameter.copy_(Noise.Normal(Rng.FromSeed(4).Split(name), parameter.shape).mul_(0.4f));
                network.get_parameter(name.Replace("in_proj_", "in_proj."))!.copy_(parameter);
            }
        }
        var x = new FeatureInput(12, 7).Example(2, Rng.FromSeed(5));
        var expected = layer.call(x.transpose(0, 1), null, null).transpose(0, 1);
        Assert.True(network.call(x).allclose(expected, 1e-5, 1e-5));
    }

    /// <summary>Conversion to analog works on a network of the zoo as on any model, and all of its parameters still learn.</summary>
    [Theory]
    [InlineData("resnet20_cifar", 1)]
    [InlineData("transformer_block", 4)]
    [InlineData("char_lstm", 1)]
    public void NetworksCanBecomeAnalog(string name, int linearLayers)
    {
        using var scope = NewDisposeScope();
        using var network = Zoo.Create(name);
        network.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        Assert.Equal(linearLayers, network.modules().OfType<TorchSharp.Modules.Linear>().Count());
        network.call(Zoo.Find(name).Inputs[0].Example(2, Rng.FromSeed(1))).square().mean().backward();
        Assert.All(network.named_parameters(), named => Assert.True(named.parameter.grad is not null, $"{named.name} has no gradient."));
    }

    [Fact]
    public void BadInputGetsOneClearSentence()
    {
        using var scope = NewDisposeScope();
        using var network = new AlexNet(classes: 2);
        using var characters = new CharLstm(5, 4);
        AssertSays(() => Zoo.Find("resnet19"), "no architecture 'resnet19'", "resnet18");
        AssertSays(() => Zoo.Create("resnet18", classes: 0), "positive", "got 0");
        AssertSays(() => Zoo.Create("seq2seq"), "2 input(s)", "Zoo.Create<Seq2Seq>");
        AssertSays(() => network.call(zeros(1, 1, 64, 64)), "AlexNet", "[1, 1, 64, 64]");
        AssertSays(() => network.call(zeros(1, 3, 64, 62)), "63×63", "[1, 3, 64, 62]");
        AssertSays(() => network.call(zeros(3, 64, 64)), "[3, 64, 64]");
        AssertSays(() => network.call(zeros(1, 3, 64, 64, dtype: ScalarType.Byte)), "floating-point", "Byte");
        AssertSays(() => characters.call(zeros(3, 2)), "int64", "Float32");
        AssertSays(() => characters.Continue(zeros(3, 2, ScalarType.Int64), characters.Continue(zeros(3, 5, ScalarType.Int64)).State), "is for, 5", "[3, 2]");
        AssertSays(() => new CifarResNet(21), "6n + 2", "21");
        AssertSays(() => new WordLstm(10, 4, 8, tied: true), "4 and 8");
        AssertSays(() => new TransformerEncoderBlock(10, 3), "divides");
        AssertSays(() => new AlexNet(classes: -1), "one class or more", "-1");
        AssertSays(() => new LstmTagger(0, 3), "positive");
    }

    private static void AssertHas(Module network, string[] names) => Assert.Empty(names.Except(network.state_dict().Keys));

    private static void AssertSays(Func<object> action, params string[] parts)
    {
        var message = Assert.ThrowsAny<ArgumentException>(action).Message.Split(" (Parameter")[0];
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.EndsWith(".", message);
        Assert.DoesNotContain('\n', message);
    }
}
