using System.Text.Json;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>Networks with weights that others trained give the scores that PyTorch gave, and are as accurate as they should be.</summary>
public class PublishedWeightsTests
{
    /// <summary>
    /// Scores of PyTorch 1.13 on four photographs. The project asks for 1e-3; float32 sums of another order differ by some 1e-5 of
    /// the largest score, about 40.
    /// </summary>
    [RealDataTheory]
    [InlineData("squeezenet1_0", "squeezenet1_0-imagenet", "squeezenet1_0")]
    [InlineData("squeezenet1_1", "squeezenet1_1-imagenet", "squeezenet1_1")]
    [InlineData("mobilenet_v2_tf", "mobilenet_v2-imagenet-int8", "mobilenet_v2.same")]
    [InlineData("mobilenet_v2", "mobilenet_v2-imagenet-int8", "mobilenet_v2.sym")]
    [InlineData("tiny_darknet", "tiny_darknet-imagenet", "tiny_darknet")]
    public void ScoresAreThoseOfPyTorch(string name, string file, string logits)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var network = Load(Zoo.Create(name), $"weights/{file}.safetensors");
        using var reference = WeightFile.Open(At("images/imagenet-4.safetensors"));
        // The weights were trained in TensorFlow whatever the padding, and so are the pixels.
        var preprocessing = name.StartsWith("mobilenet", StringComparison.Ordinal) ? Preprocessing.TensorFlow : Zoo.Find(name).Image!.Preprocessing;
        var scores = network.call(preprocessing.Apply(reference.Read("images_u8_nhwc")));
        var off = scores.sub(reference.Read($"logits.{logits}")).abs().max().item<float>();
        Assert.True(off <= 1e-3f, $"{name} is off by {off} at a largest score of {scores.abs().max().item<float>()}.");
    }

    /// <summary>On images that these networks were trained on, so this is no test accuracy: the file test_batch holds the official training batch 5.</summary>
    [RealDataTheory]
    [InlineData(20)]
    [InlineData(32)]
    public void CifarResNetsKnowTheirTrainingImages(int depth)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var network = Load(new CifarResNet(depth), $"weights/resnet{depth}-cifar10.safetensors");
        using var all = Cifar.Load10(DataFolder.Open(Repository.DataFolder!), train: false);
        using var set = all.Take(250);
        var right = network.call(Preprocessing.Cifar.Normalize(set.Images)).argmax(1).eq(set.Labels).sum().item<long>();
        Assert.True(right > 225, $"ResNet-{depth} knows {right} of 250 training images.");
    }

    /// <summary>1.295 nats a character were measured over the whole text; its first 20,000 characters need not be as hard as all.</summary>
    [RealDataFact]
    public void CharLstmPredictsItsTrainingText()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var network = Load(new CharLstm(), "weights/charlstm-2x128-tinyshakespeare.safetensors");
        var vocabulary = JsonSerializer.Deserialize<Dictionary<string, long>>(File.ReadAllText(At("weights/charlstm-2x128-tinyshakespeare.vocab.json")))!;
        var text = File.ReadAllText(At("text/tinyshakespeare.txt"))[..20_001];
        var tokens = tensor(text.Select(character => vocabulary[character.ToString()]).ToArray());
        var scores = network.call(tokens.narrow(0, 0, 20_000).unsqueeze(1)).squeeze(1);
        Assert.InRange(functional.cross_entropy(scores, tokens.narrow(0, 1, 20_000)).item<float>(), 1.2f, 1.4f);
    }

    private static string At(string path) => Path.Combine(Repository.DataFolder!, path);

    private static T Load<T>(T network, string path) where T : Module
    {
        network.LoadWeights(At(path));
        network.eval();
        return network;
    }
}
