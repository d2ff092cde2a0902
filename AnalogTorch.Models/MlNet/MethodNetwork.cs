using System.Reflection;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A network from a method, which a saved model names by type and method.</summary>
internal sealed class MethodNetwork : NetworkFactory
{
    private Func<NetworkShape, Module<Tensor, Tensor>>? create;

    /// <summary>A factory that is about to be read from a saved model.</summary>
    public MethodNetwork()
    {
    }

    public MethodNetwork(Func<NetworkShape, Module<Tensor, Tensor>> create)
    {
        this.create = create;
        if (create.Method.IsStatic && create.Target is null)
            (Type, Method) = (TypeNames.Of(create.Method.DeclaringType!), create.Method.Name);
    }

    /// <summary>The type that has the method, or empty for a lambda.</summary>
    public string Type { get; init; } = "";

    /// <summary>Name of the static method.</summary>
    public string Method { get; init; } = "";

    /// <summary>Whether another program can find the method.</summary>
    public bool CanBeSaved => Type.Length > 0;

    public override Module<Tensor, Tensor> Create(NetworkShape shape) => (create ??= Find())(shape);

    private Func<NetworkShape, Module<Tensor, Tensor>> Find()
    {
        var method = TypeNames.Find(Type).GetMethod(Method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(NetworkShape)]);
        return method is not null && method.ReturnType.IsAssignableTo(typeof(Module<Tensor, Tensor>))
            ? method.CreateDelegate<Func<NetworkShape, Module<Tensor, Tensor>>>()
            : throw new InvalidDataException($"The saved network is made by the static method {Method} of {Type}, which is not there any more: load the model with the program's version that it was saved by.");
    }
}
