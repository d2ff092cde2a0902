using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A class of networks that names the architectures it can build; implementing this is all that puts them in the <see cref="Zoo"/>.</summary>
public interface IArchitectures
{
    /// <summary>The architectures, each with a name of its own.</summary>
    static abstract IEnumerable<Architecture> Architectures { get; }
}

/// <summary>A network that can be built by name: what it takes in, what it gives, where it was published.</summary>
public sealed record Architecture
{
    /// <summary>The name, torchvision's where it has one, such as <c>resnet18</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Paper or program that the architecture comes from.</summary>
    public required string Source { get; init; }

    /// <summary>Outputs of the last layer unless others are asked for: classes, words, tags or features.</summary>
    public required int Outputs { get; init; }

    /// <summary>
    /// Numbers in its tensors with the usual number of outputs, running statistics included and counters of batches left out, so that a file that cannot fit is
    /// known without building the network; null where nobody says.
    /// </summary>
    public long? Elements { get; init; }

    /// <summary>What the forward call takes, argument by argument, when the network has the usual number of outputs.</summary>
    public required IReadOnlyList<NetworkInput> Inputs { get; init; }

    /// <summary>Builds the network with this number of outputs and start values of this seed.</summary>
    public required Func<int, long, Module> Build { get; init; }

    /// <summary>Size and preprocessing of the images that a network for images takes; null for a network of another kind.</summary>
    public ImageInput? Image => Inputs is [ImageInput image] ? image : null;
}
