using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>Makes the network that a trainer trains; derive from it to bring one's own.</summary>
/// <remarks>
/// A model that is saved holds the factory's type and its public properties, and the program that loads it makes the network anew before its weights
/// are read. So a factory needs a public constructor without parameters, its network must depend on nothing but its properties and the
/// shape, and the program that loads must have the factory's assembly beside it.
/// </remarks>
public abstract class NetworkFactory
{
    /// <summary>A factory from a function.</summary>
    /// <remarks>A static method can be saved with the model, a lambda can not.</remarks>
    /// <param name="create">Makes a network: features [batch, features] to outputs [batch, outputs].</param>
    public static NetworkFactory Of(Func<NetworkShape, Module<Tensor, Tensor>> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return new MethodNetwork(create);
    }

    /// <summary>Makes a network.</summary>
    /// <param name="shape">What it must fit.</param>
    /// <returns>A module that takes features [batch, features] and gives [batch, outputs]: scores of classes before softmax, the score of a binary
    /// classifier before the logistic function, or the value of a regression over its standard deviation.</returns>
    public abstract Module<Tensor, Tensor> Create(NetworkShape shape);
}
