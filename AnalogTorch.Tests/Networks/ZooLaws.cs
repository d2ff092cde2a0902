using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>What holds for every architecture of the zoo, on the smallest inputs that it permits.</summary>
public class ZooLaws
{
    private const int Batch = 4;

    public static TheoryData<string> Names => new(Zoo.All.Select(architecture => architecture.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void ForwardGivesAScoreForEachOutput(string name)
    {
        using var scope = NewDisposeScope();
        var (architecture, network, inputs) = Small(name);
        using (network)
        {
            network.eval();
            var last = architecture.Inputs[^1];
            long[] expected = last switch
            {
                ImageInput => [Batch, Outputs(architecture)],
                FeatureInput => [.. last.Shape(Batch)],
                _ => [.. last.Shape(Batch), Outputs(architecture)],
            };
            var scores = Scores(network, inputs);
            Assert.Equal(expected, scores.shape);
            Assert.True(scores.isfinite().all().item<bool>());
            Assert.True(scores.Equals(Scores(network, inputs)), "Two calls in eval mode must give the same bits.");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SaysHowManyNumbersItsTensorsHave(string name)
    {
        var architecture = Zoo.Find(name);
        using var network = architecture.Build(architecture.Outputs, 0);
        Assert.Equal(network.EffectiveState().Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Sum(entry => entry.Value.NumberOfElements), architecture.Elements);
    }

    /// <summary>A step along the gradient that should take a hundredth off the loss does so, to first order; dropout is off.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void OneStepLowersTheLossByWhatTheGradientPromises(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = Small(name);
        using (network)
        {
            network.train();
            foreach (var random in network.modules().Where(module => module is TorchSharp.Modules.Dropout or TorchSharp.Modules.LSTM))
                random.eval();
            var labels = new TokenInput(10, Batch).Example(64, Rng.FromSeed(3).Split("labels")).flatten();
            var before = Loss();
            before.backward();
            Assert.All(network.named_parameters(), named => Assert.True(named.parameter.grad is not null, $"{named.name} has no gradient."));
            var gradients = network.parameters().Select(parameter => parameter.grad!).ToArray();
            var squared = gradients.Sum(gradient => gradient.to_type(ScalarType.Float64).square().sum().item<double>());
            var promised = 0.01 * before.item<float>();
            using (no_grad())
            {
                foreach (var parameter in network.parameters())
                    parameter.sub_(parameter.grad!.mul(promised / squared));
            }
            Assert.InRange(before.item<float>() - Loss().item<float>(), 0.5 * promised, 1.5 * promised);

            Tensor Loss()
            {
                var scores = Scores(network, inputs).flatten(0, -2);
                return functional.cross_entropy(scores, labels.narrow(0, 0, scores.shape[0]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SameSeedSameBitsWhateverTorchsOwnGenerator(string name)
    {
        using var scope = NewDisposeScope();
        var architecture = Zoo.Find(name);
        manual_seed(1);
        using var first = Build(architecture, 7);
        manual_seed(2);
        using var again = Build(architecture, 7);
        foreach (var (a, b) in first.state_dict().Zip(again.state_dict()))
        {
            Assert.Equal(a.Key, b.Key);
            Assert.True(a.Value.Equals(b.Value), $"{a.Key} must be the same for the same seed.");
        }
        using var other = Build(architecture, 8);
        Assert.All(
            first.named_parameters().Zip(other.named_parameters()).Where(pair => pair.First.parameter.numel() > 1 && pair.First.parameter.var().item<float>() > 0),
            pair => Assert.False(pair.First.parameter.Equals(pair.Second.parameter), $"{pair.First.name} must differ for another seed."));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NoTensorIsLeftBehind(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = Small(name);
        using (network)
        {
            network.train();
            Step();
            var (alive, counted) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, LiveTensors.Settled());
            for (var i = 0; i < 3; i++)
                Step();
            Assert.Equal(alive, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            LiveTensors.AssertNoneSince(counted);

            // Without a scope around it, a forward call leaves its result alone.
            network.eval();
            using var noGrad = no_grad();
            Scores(network, inputs).Dispose();
            LiveTensors.AssertNoneSince(counted);
        }

        void Step()
        {
            using var inner = NewDisposeScope();
            network.zero_grad();
            Scores(network, inputs).square().mean().backward();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void DropoutWorksInTrainModeAlone(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = Small(name);
        using (network)
        {
            if (!network.modules().OfType<Dropout>().Any())
                return;
            network.train();
            Assert.False(Scores(network, inputs).Equals(Scores(network, inputs)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NetworksOutliveTheScopeTheyAreBuiltInAndGoWhole(string name)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            Module network;
            Tensor[] inputs;
            using (NewDisposeScope())
            {
                (_, network, inputs) = Small(name);
                inputs = [.. inputs.Select(input => input.MoveToOuterDisposeScope())];
            }
            Scores(network, inputs).Dispose();
            network.Dispose();
        }
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    /// <summary>What makes a layer analog hangs on its hooks, so every layer with weights must be reached by <c>call</c>.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void HooksOfAllLayersRun(string name)
    {
        using var scope = NewDisposeScope();
        var (_, network, inputs) = Small(name);
        using (network)
        {
            var silent = new HashSet<string>();
            foreach (var (path, layer) in network.named_modules().Where(named => named.module.parameters(recurse: false).Any()))
            {
                silent.Add(path);
                switch (layer)
                {
                    case Module<Tensor, Tensor> plain:
                        plain.register_forward_hook((_, _, y) => Seen(y));
                        break;
                    case LSTM lstm:
                        lstm.register_forward_hook((_, _, _, y) => Seen(y));
                        break;
                    case GRU gru:
                        gru.register_forward_hook((_, _, _, y) => Seen(y));
                        break;
                }

                T Seen<T>(T value)
                {
                    silent.Remove(path);
                    return value;
                }
            }
            Assert.NotEmpty(silent);
            Scores(network, inputs);
            Assert.Empty(silent);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryArchitectureNamesItsSource(string name)
    {
        var architecture = Zoo.Find(name);
        Assert.Matches(@"\((19|20)\d\d\)|arXiv:", architecture.Source);
        Assert.Single(Zoo.All, other => other.Name == name);
        Assert.True(architecture.Outputs > 0);
    }

    /// <summary>With ten classes, and the wide linear layers of two networks narrowed: they take longer than all else.</summary>
    private static Module Build(AnalogTorch.Models.Networks.Architecture architecture, long seed) => architecture.Name switch
    {
        "alexnet" => new AlexNet(10, seed, hidden: 64),
        "vgg11" => new Vgg(10, seed, hidden: 64),
        "vgg11_bn" => new Vgg(10, seed, batchNorm: true, hidden: 64),
        _ => architecture.Build(Outputs(architecture), seed),
    };

    internal static int Outputs(AnalogTorch.Models.Networks.Architecture architecture) => architecture.Image is null ? architecture.Outputs : 10;

    internal static (AnalogTorch.Models.Networks.Architecture Architecture, Module Network, Tensor[] Inputs) Small(string name)
    {
        var architecture = Zoo.Find(name);
        var rng = Rng.FromSeed(11).Split("inputs");
        var inputs = architecture.Inputs
            .Select(input => input is ImageInput image ? image with { Side = Math.Max(image.SmallestSide, 32) } : input)
            .Select((input, i) => input.Example(Batch, rng.Split(i)))
            .ToArray();
        return (architecture, Build(architecture, 5), inputs);
    }

    internal static Tensor Scores(Module network, Tensor[] inputs) => network switch
    {
        Module<Tensor, Tensor> one => one.call(inputs[0]),
        Module<Tensor, Tensor, Tensor> two => two.call(inputs[0], inputs[1]),
        _ => throw new NotSupportedException($"{network.GetType().Name} has a forward call of another kind."),
    };
}
