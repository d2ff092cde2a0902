using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Models.Weights;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Transfer;

/// <summary>A backbone is its network without the last layer.</summary>
public class BackboneTests
{
    public static TheoryData<string> Names => new(Zoo.All.Where(architecture => architecture.Image is not null).Select(architecture => architecture.Name));

    /// <summary>With the network's weights, and the network's last layer on top, a backbone gives the network's scores.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void TheLastLayerOnItsFeaturesGivesTheScores(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var folder = new TemporaryFolder();
        using var network = Zoo.Create(name, classes: 3, seed: 1);
        network.SaveWeights(folder.At("weights.safetensors"));
        using var backbone = PretrainedWeights.LoadBackbone(name, folder.At("weights.safetensors"));
        network.eval();
        var input = Zoo.Find(name).Image! with { Side = Math.Max(Zoo.Find(name).Image!.SmallestSide, 32) };
        var images = input.Example(2, AnalogTorch.Core.Rng.FromSeed(5));
        var features = backbone.call(images);
        Assert.Equal([2, backbone.FeatureWidth], features.shape);
        var scores = network.call(images);
        switch (network.modules().Single(module => module.named_parameters(recurse: false).Any(named => named.name == "weight" && named.parameter.shape[0] == 3 && named.parameter.shape[1] == backbone.FeatureWidth)))
        {
            case TorchSharp.Modules.Linear last:
                Assert.True(scores.allclose(last.call(features), rtol: 1e-5, atol: 1e-6));
                break;
            case TorchSharp.Modules.Conv2d last: // its mean over the image; SqueezeNet has a ReLU before the mean
                var maps = last.call(backbone.FeatureMaps(images));
                Assert.True(scores.allclose((network is SqueezeNet ? maps.relu() : maps).mean([2, 3]), rtol: 1e-5, atol: 1e-6));
                Assert.True(maps.mean([2, 3]).allclose(functional.conv2d(features.view(2, -1, 1, 1), last.weight, last.bias).flatten(1), rtol: 1e-4, atol: 1e-5));
                break;
        }
    }

    [Fact]
    public void MapsMayBeAveragedOverParts()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var images = rand(2, 3, 64, 64, generator: new Generator(3));
        using var backbone = Zoo.Backbone("squeezenet1_1");
        backbone.eval();
        var global = backbone.call(images);
        using var whole = new PooledBackbone(backbone, 1);
        Assert.True(global.allclose(whole.call(images), rtol: 1e-5, atol: 1e-6));
        using var quarters = new PooledBackbone(backbone, 2);
        Assert.Equal([2L, 2048], quarters.call(images).shape);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PooledBackbone(backbone, 0));
    }

    [Fact]
    public void WrongAskingIsAnsweredByOneSentence()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("weights"));
        var data = DataFolder.Open(folder.At("."));
        Assert.Contains("is for something else", Assert.Throws<ArgumentException>(() => Zoo.Backbone("char_lstm")).Message);
        Assert.Contains("Zoo.Backbone", Assert.Throws<ArgumentException>(() => Zoo.Create("resnet18", classes: 0)).Message);
        Assert.Contains("or download it", Assert.Throws<FileNotFoundException>(() => PretrainedWeights.Find(data, "resnet18")).Message);
        File.WriteAllText(folder.At("weights/resnet18-of-mine.pth"), "");
        File.WriteAllText(folder.At("weights/resnet18x.pth"), "");
        Assert.EndsWith("resnet18-of-mine.pth", PretrainedWeights.Find(data, "resnet18"), StringComparison.Ordinal);
        using var other = Zoo.Create("resnet20_cifar");
        other.SaveWeights(folder.At("other.safetensors"));
        Assert.Contains("does not fit the model", Assert.Throws<InvalidDataException>(() => PretrainedWeights.LoadBackbone("resnet8_cifar", folder.At("other.safetensors")).Dispose()).Message);
    }

    /// <summary>2,048 features and the bias on 100 classes: the 204,900 synapses of Ambrogio et al., Nature 558:60 (2018).</summary>
    [Fact]
    public void AHeadOfThePapersWidthHasThePapersSynapses()
    {
        using var head = Linear(2048, 100);
        var report = head.ToAnalog(PcmPresets.MspLsp, seed: 1);
        Assert.Equal(204_900, report.Weights);
        Assert.Contains("204,900", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ScaledFeaturesLieInTheRangeOfInputs()
    {
        using var scope = NewDisposeScope();
        var features = randn(500, 4, generator: new Generator(1)).mul(tensor(new[] { 1f, 100, 0, 1e-3f })).add(tensor(new[] { 5f, -1000, 7, 0 }));
        using var scaling = FeatureScaling.Fit(features);
        var scaled = scaling.call(features);
        Assert.InRange(scaled.abs().max().item<float>(), 0.5f, 1f);
        Assert.Equal(0, scaled.select(1, 2).abs().max().item<float>()); // a feature that never changes
        foreach (var column in new[] { 0, 1, 3 })
        {
            Assert.InRange(scaled.select(1, column).std(false).item<float>(), 0.32f, 0.334f); // a third, a little less where values are cut off
            Assert.InRange(scaled.select(1, column).mean().item<float>(), -0.01f, 0.01f);
        }
        Assert.Equal(2, scaling.state_dict().Count);
        Assert.Throws<ArgumentException>(() => FeatureScaling.Fit(zeros(3)));
    }

    /// <summary>What a person sees on four photographs. The fish is one that few could name, so any class of fish counts.</summary>
    [RealDataTheory]
    [InlineData("squeezenet1_1")]
    [InlineData("squeezenet1_0")]
    public void PhotographsAreRecognised(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var data = DataFolder.Open(Repository.DataFolder!);
        var classes = File.ReadAllLines(Path.Combine(data.Path, "weights", "synset_words.txt")).Select(line => line[10..]).ToArray();
        using var network = Zoo.Create(name);
        network.LoadWeights(PretrainedWeights.Find(data, name));
        network.eval();
        using var photographs = WeightFile.Open(Path.Combine(data.Path, "images", "imagenet-4.safetensors"));
        var best = network.call(Preprocessing.ImageNet.Apply(photographs.Read("images_u8_nhwc"))).argmax(1).data<long>().Select(index => classes[index]).ToArray();
        string[] fish = ["tench", "barracouta", "coho", "sturgeon", "gar", "goldfish", "eel"];
        Assert.Contains("cat", best[0], StringComparison.Ordinal); // kitten
        Assert.True(fish.Any(kind => best[1].StartsWith(kind, StringComparison.Ordinal)), best[1]);
        Assert.Contains("cat", best[2], StringComparison.Ordinal);
        Assert.Contains("golden retriever", best[3], StringComparison.Ordinal);
    }
}
